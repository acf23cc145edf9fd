namespace Morag.Failover.Domain.Queues;

/// <summary>Whom the loss of a worker counts against.</summary>
public enum LossBlame
{
    /// <summary>The worker's score, and the budgets of its tasks.</summary>
    Worker = 0,

    /// <summary>Nobody: the worker was draining.</summary>
    Planned = 1,

    /// <summary>Nobody: no node that was healthy all along heard the worker first and its silence afterwards.</summary>
    Unobserved = 2,
}
