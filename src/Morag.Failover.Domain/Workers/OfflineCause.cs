using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>Why a worker is offline.</summary>
public enum OfflineCause
{
    /// <summary>It is not offline.</summary>
    None = 0,

    /// <summary>It was lost: it was silent for too long.</summary>
    Missing = 1,

    /// <summary>An operator declared it offline.</summary>
    Operator = 2,

    /// <summary>It reported so itself.</summary>
    Self = 3,
}
