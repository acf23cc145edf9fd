namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// When open pages are told to load themselves again: after a change, and every so often without one, because some of what they show has no
/// event, such as heartbeats and times.
/// </summary>
internal sealed class ChangeSignal
{
    /// <summary>The longest time without a signal.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private DateTimeOffset last = DateTimeOffset.MinValue;

    /// <summary>Whether to signal now. If so, the next interval begins.</summary>
    public bool IsDue(bool hasChanged, DateTimeOffset now)
    {
        if (!hasChanged && now - last < Longest)
        {
            return false;
        }

        last = now;
        return true;
    }
}
