#include "analyzer/model/gate/baseline.h"

#include <algorithm>
#include <tuple>

namespace heapdrift::model {

const BaselineLeak* Baseline::find(const LeakIdentity& identity) const {
    const auto found = std::ranges::find(leaks, identity, &BaselineLeak::identity);
    return found == leaks.end() ? nullptr : &*found;
}

const BaselineFigure* Baseline::find(const std::string& program, Metric metric) const {
    const auto found = std::ranges::find_if(figures, [&](const BaselineFigure& figure) {
        return figure.program == program && figure.metric == metric;
    });
    return found == figures.end() ? nullptr : &*found;
}

void sort(Baseline& baseline) {
    for (BaselineLeak& leak : baseline.leaks) std::ranges::sort(leak.programs);
    std::ranges::sort(baseline.leaks, {}, &BaselineLeak::identity);
    std::ranges::sort(baseline.figures, {}, [](const BaselineFigure& figure) {
        return std::tuple(figure.program, figure.metric);
    });
}

}  // namespace heapdrift::model
