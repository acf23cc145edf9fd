namespace Morag.Failover.History;

/// <summary>Statistics that were read are the sums of what was stored, at some time between the question and the answer.</summary>
internal static class StatisticsRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var sums = new Dictionary<string, List<(TimeSpan At, long Sum)>>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case EventCounted counted:
                    var counts = SumsOf(counted.Statistic);
                    counts.Add((counted.At, counts[^1].Sum + counted.By));
                    break;
                case StatisticRead read
                    when SumsOf(read.Statistic) is var all && all.FindLastIndex(sum => sum.At <= read.AskedAt) is var first
                        && !all.Skip(first).Any(sum => sum.Sum == read.Value):
                    yield return new(
                        Rule.StatisticsCountEvents, read.At, $"{read.Statistic} is {read.Value}, and the events make {all[^1].Sum}");
                    break;
                default:
                    break;
            }
        }

        List<(TimeSpan At, long Sum)> SumsOf(string statistic)
        {
            if (!sums.TryGetValue(statistic, out var counts))
            {
                sums[statistic] = counts = [(TimeSpan.MinValue, 0)];
            }

            return counts;
        }
    }
}
