using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Workers;

/// <summary>Identifies a lease. A task may return with a newer epoch while its old work is still ending.</summary>
internal readonly record struct LeaseKey(TaskId TaskId, LeaseEpoch Epoch)
{
    public override string ToString() => $"{TaskId} (epoch {Epoch})";
}
