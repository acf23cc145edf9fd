using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// Compares profiles by the kinds of tasks they can take, ignoring memory and disk space. Lists must have the same entries in the same
/// order.
/// </summary>
public sealed class ProfileComparer : IEqualityComparer<WorkerProfile>
{
    /// <summary>The instance.</summary>
    public static readonly ProfileComparer Instance = new();

    private ProfileComparer()
    {
    }

    /// <inheritdoc />
    public bool Equals(WorkerProfile? x, WorkerProfile? y) =>
        ReferenceEquals(x, y)
        || (x is not null && y is not null
            && x.Capability == y.Capability
            && x.GpuCount > 0 == y.GpuCount > 0
            && x.Queues.AsSpan().SequenceEqual(y.Queues.AsSpan())
            && x.ContentTypes.AsSpan().SequenceEqual(y.ContentTypes.AsSpan()));

    /// <inheritdoc />
    public int GetHashCode(WorkerProfile profile)
    {
        var hash = new HashCode();
        hash.Add(profile.Capability);
        hash.Add(profile.GpuCount > 0);
        foreach (var queue in profile.Queues.AsSpan())
        {
            hash.Add(queue);
        }

        foreach (var contentType in profile.ContentTypes.AsSpan())
        {
            hash.Add(contentType);
        }

        return hash.ToHashCode();
    }
}
