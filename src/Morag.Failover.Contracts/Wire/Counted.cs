namespace Morag.Failover.Contracts.Wire;

/// <summary>Counts in texts: "1 task", "2 tasks", "12,000 tasks".</summary>
public static class Counted
{
    /// <summary>The count, in the invariant culture, with its noun in the singular for 1 and with an "s" for all others.</summary>
    public static string Of(long count, string noun) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");
}
