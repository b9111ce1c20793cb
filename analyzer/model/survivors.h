// Which blocks, or bytes, of a site outlive the others: by interval of birth, at every snapshot.
#pragma once

#include <cstddef>
#include <vector>

#include "analyzer/model/site_history.h"
#include "analyzer/model/timing.h"

namespace heapdrift::model {

// Exact where the site's ages are complete. Otherwise the oldest live blocks are taken to be freed
// first, which makes survivors a lower bound: nothing is called old that might not be.
class Survivors {
public:
    enum class Measure { blocks, bytes };
    // timing must outlive this.
    Survivors(const SiteHistory& history, const Timing& timing, Measure measure = Measure::blocks);

    size_t points() const { return points_; }
    // Of an interval, in time.
    double length(size_t interval) const {
        return timing_.time[interval] - (interval == 0 ? 0 : timing_.time[interval - 1]);
    }
    // The same in work.
    double work_begin(size_t interval) const {
        return interval == 0 ? 0 : timing_.work[interval - 1];
    }
    double work_end(size_t interval) const { return timing_.work[interval]; }
    // Least age, in time, at the end of `at` of what was born in `born`.
    double age(size_t born, size_t at) const { return timing_.time[at] - timing_.time[born]; }
    // Behind the last interval whose blocks are at least so old at the end of `at`.
    size_t born_before(double age, size_t at) const;
    // How many intervals end within the first `length`.
    size_t intervals_within(double length) const;
    double allocated(size_t born) const { return allocated_[born]; }
    // Deallocated in the interval `freed`.
    double deaths(size_t born, size_t freed) const { return deaths_[born * points_ + freed]; }
    // Live at the end of the interval `at`; 0 for those not born yet.
    double live(size_t born, size_t at) const { return live_[born * points_ + at]; }
    double live_at_end(size_t born) const { return live(born, points_ - 1); }
    double freed_total() const;
    // At each point from first_mature on: live and born in the intervals from warm_up on, at least
    // `age` ago. first_mature: where there can be any.
    std::vector<double> mature(size_t warm_up, double age) const;
    size_t first_mature(size_t warm_up, double age) const;

    // The least age that at most `share` of the freed blocks lived longer than.
    double lifetime_quantile(double share) const;

private:
    void assign_known(const SiteHistory& history, const std::vector<double>& freed);
    void assign_oldest_first(const std::vector<double>& freed);

    size_t points_;
    Measure measure_;
    const Timing& timing_;
    std::vector<double> allocated_;
    std::vector<double> deaths_;
    std::vector<double> live_;
};

}  // namespace heapdrift::model
