namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>Corrects times in the future, when the clock was set back while the coordinator was down.</content>
public sealed partial record CoordinatorState
{
    /// <summary>Whether the state holds a time in the future. It would be kept, and counted as recent, for too long.</summary>
    public bool IsDatedAfter(DateTimeOffset now) =>
        (!ByTime.IsEmpty && ByTime.Max.OccurredAt > now)
        || Tally.IsAheadOf(now)
        || StaleReports.Any(stale => stale.Report.At > now);

    private CoordinatorState ClockSetBack(DateTimeOffset now)
    {
        var failures = Failures.ToBuilder();
        var (byTime, ofParked, forgettable) = (ByTime.ToBuilder(), OfParked.ToBuilder(), Forgettable.ToBuilder());
        foreach (var place in ByTime.Reverse().TakeWhile(place => place.OccurredAt > now))
        {
            var failure = failures[place.Id];
            var decision = failure.Decision;
            var corrected = failure with { Decision = decision with { FailureEvent = decision.FailureEvent with { OccurredAt = now } } };
            failures[place.Id] = corrected;
            foreach (var places in (ImmutableSortedSet<FailurePlace>.Builder[])[byTime, ofParked, forgettable])
            {
                if (places.Remove(place))
                {
                    places.Add(corrected.Place);
                }
            }
        }

        return this with
        {
            Failures = failures.ToImmutable(),
            ByTime = byTime.ToImmutable(),
            OfParked = ofParked.ToImmutable(),
            Forgettable = forgettable.ToImmutable(),
            Tally = Tally.NotAheadOf(now),
            StaleReports =
            [
                .. StaleReports.Select(
                    stale => stale.Report.At > now ? stale with { Report = stale.Report with { At = now } } : stale),
            ],
        };
    }
}
