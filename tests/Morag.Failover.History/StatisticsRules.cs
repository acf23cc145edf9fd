namespace Morag.Failover.History;

/// <summary>Statistics that were read are the sums of what was stored.</summary>
internal static class StatisticsRules
{
    public static IEnumerable<Violation> Check(IReadOnlyList<Happening> history)
    {
        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var happening in history)
        {
            switch (happening)
            {
                case EventCounted counted:
                    sums[counted.Statistic] = sums.GetValueOrDefault(counted.Statistic) + counted.By;
                    break;
                case StatisticRead read when sums.GetValueOrDefault(read.Statistic) is var sum && sum != read.Value:
                    yield return new(
                        Rule.StatisticsCountEvents, read.At, $"{read.Statistic} is {read.Value}, and the events make {sum}");
                    break;
                default:
                    break;
            }
        }
    }
}
