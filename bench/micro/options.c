#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char kUsage[] =
    "usage: pairs [--pairs N] [--live N] [--stacks N] [--depth N] [--threads N] [--idle N]\n"
    "             [--passes N] [--changing] [--exchange] [--mixed] [--grow] [--gaps] [--wait]\n";

// Frames below the first of our own: measured, thread_main, and the two of a thread's start.
enum { kFixedFrames = 4, kMostFrames = 100000 };

static void refuse(const char* what) {
    fprintf(stderr, "pairs: %s\n%s", what, kUsage);
    exit(2);
}

static uint64_t number(const char* text) {
    char* end;
    errno = 0;
    // Exponents, because 1e7 is easier to read than its zeros.
    const double value = strtod(text, &end);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > 1e12)
        refuse("not a number");
    return (uint64_t)value;
}

struct Options parse_options(int count, char** words) {
    enum { kPairs = 256, kLive, kStacks, kDepth, kThreads, kIdle, kPasses };
    enum { kChanging = 512, kExchange, kMixed, kGrow, kGaps, kWait };
    static const struct option kOptions[] = {{"pairs", required_argument, NULL, kPairs},
                                             {"live", required_argument, NULL, kLive},
                                             {"stacks", required_argument, NULL, kStacks},
                                             {"depth", required_argument, NULL, kDepth},
                                             {"threads", required_argument, NULL, kThreads},
                                             {"idle", required_argument, NULL, kIdle},
                                             {"passes", required_argument, NULL, kPasses},
                                             {"changing", no_argument, NULL, kChanging},
                                             {"exchange", no_argument, NULL, kExchange},
                                             {"mixed", no_argument, NULL, kMixed},
                                             {"grow", no_argument, NULL, kGrow},
                                             {"gaps", no_argument, NULL, kGaps},
                                             {"wait", no_argument, NULL, kWait},
                                             {NULL, 0, NULL, 0}};
    struct Options options = {
        .pairs = 1000000, .live = 1000, .stacks = 1, .depth = 10, .threads = 1, .passes = 1};
    for (int name; (name = getopt_long(count, words, "", kOptions, NULL)) != -1;) switch (name) {
            case kPairs:
                options.pairs = number(optarg);
                break;
            case kLive:
                options.live = number(optarg);
                break;
            case kStacks:
                options.stacks = number(optarg);
                break;
            case kDepth:
                options.depth = (unsigned)number(optarg);
                break;
            case kThreads:
                options.threads = (unsigned)number(optarg);
                break;
            case kIdle:
                options.idle = (unsigned)number(optarg);
                break;
            case kPasses:
                options.passes = (unsigned)number(optarg);
                break;
            case kChanging:
                options.changing = true;
                break;
            case kExchange:
                options.exchange = true;
                break;
            case kMixed:
                options.mixed = true;
                break;
            case kGrow:
                options.grow = true;
                break;
            case kGaps:
                options.gaps = true;
                break;
            case kWait:
                options.wait = true;
                break;
            default:
                refuse("unknown option");
        }
    if (optind != count) refuse("takes no arguments");
    if (options.threads == 0 || options.passes == 0) refuse("nothing to do");
    if (options.depth <= kFixedFrames || options.depth > kMostFrames)
        refuse("depth is 5 to 100000");
    if (options.live < options.threads) options.live = options.threads;
    options.depth -= kFixedFrames;
    return options;
}
