"""What is run. A case has

name        of the form group.case
prepare     makes what all its runs share, in the folder it is given
takes       whether a configuration is measured
run         once under a configuration, in an empty folder; returns figures by name

and is listed by cases(built, scale) of its module. A scale of 1 is the full size."""
