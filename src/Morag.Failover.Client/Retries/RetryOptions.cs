namespace Morag.Failover.Client;

/// <summary>How long one call may take, and for how long it is repeated.</summary>
public sealed class RetryOptions
{
    /// <summary>The time limit of each attempt, 100 ms to 10 min.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For how long a failed call is repeated, counted from its first attempt, 0 to 1 h. No attempt starts later. With 0, no call is
    /// repeated. The default is long enough for a take-over from a dead node.
    /// </summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Options that no later change affects.</summary>
    internal RetryOptions Copy() => new() { AttemptTimeout = AttemptTimeout, Budget = Budget };

    internal IEnumerable<string> BrokenRules(string at)
    {
        if (AttemptTimeout < TimeSpan.FromMilliseconds(100) || AttemptTimeout > TimeSpan.FromMinutes(10))
        {
            yield return $"{at}.{nameof(AttemptTimeout)} must be 100 ms to 10 min, not {AttemptTimeout}";
        }

        if (Budget < TimeSpan.Zero || Budget > TimeSpan.FromHours(1))
        {
            yield return $"{at}.{nameof(Budget)} must be 0 to 1 h, not {Budget}";
        }
    }
}
