namespace Morag.Failover.Domain.Alerts;

/// <summary>
/// The delay before a change is sent again: 1 s, doubled with each further failure up to 5 min, plus a random 0 to 50 %. A longer delay
/// that the receiver asks for counts instead, up to 1 h.
/// </summary>
public static class WebhookBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestAskedFor = TimeSpan.FromHours(1);

    /// <summary>The delay.</summary>
    /// <param name="failures">The failures in a row, at least 1.</param>
    /// <param name="draw">A random number from 0 to 1.</param>
    /// <param name="askedFor">The delay that the receiver asks for (<c>Retry-After</c>); null if it asks for none.</param>
    public static TimeSpan After(int failures, double draw, TimeSpan? askedFor)
    {
        var doubled = First * Math.Pow(2, Math.Min(failures - 1, 20));
        var own = (doubled < Longest ? doubled : Longest) * (1 + (draw / 2));
        var asked = askedFor is not { } given ? TimeSpan.Zero : given < LongestAskedFor ? given : LongestAskedFor;
        return asked > own ? asked : own;
    }
}
