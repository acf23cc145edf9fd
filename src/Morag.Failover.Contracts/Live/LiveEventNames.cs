namespace Morag.Failover.Contracts.Live;

/// <summary>The names of the live events in the stream of the HTTP API.</summary>
public static class LiveEventNames
{
    /// <summary>A failure, as it was reported or noticed.</summary>
    public const string Failure = "failure";

    /// <summary>The decision about a failure.</summary>
    public const string Decision = "decision";

    /// <summary>How a decision ended.</summary>
    public const string Resolved = "resolved";

    /// <summary>A change of a worker's breaker.</summary>
    public const string Breaker = "breaker";

    /// <summary>A change of a worker.</summary>
    public const string Worker = "worker";

    /// <summary>An alert that was raised, changed, acknowledged or resolved.</summary>
    public const string Alert = "alert";

    /// <summary>Events may be missing before the next one.</summary>
    public const string Gap = "gap";
}
