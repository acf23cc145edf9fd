namespace Morag.Failover.Domain.Activity;

/// <summary>What is counted over time.</summary>
public enum ActivityKind
{
    /// <summary>Failures, by type.</summary>
    Failure = 1,

    /// <summary>Decisions, by strategy.</summary>
    Decision = 2,

    /// <summary>Completed tasks, by queue.</summary>
    Completion = 3,

    /// <summary>Seconds from a failure until a worker leased the task again.</summary>
    Recovery = 4,
}
