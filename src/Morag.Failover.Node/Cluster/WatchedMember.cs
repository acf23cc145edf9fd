using Akka.Cluster;

namespace Morag.Failover.Node.Cluster;

/// <summary>Another member as <see cref="PresenceKeeper"/> sees it.</summary>
internal sealed class WatchedMember(UniqueAddress address, string id)
{
    public UniqueAddress Address { get; } = address;

    public string Id { get; } = id;

    public MemberStatus Status { get; set; }

    public bool IsUnreachable { get; set; }

    public PresenceEntry? Entry { get; private set; }

    /// <summary>When this node first saw that the presence had expired; null while it has not.</summary>
    public long? LapsedAt { get; private set; }

    public void Observe(PresenceEntry? entry, bool afterGap, TimeProvider time)
    {
        Entry = entry;
        LapsedAt = entry is not { } found || found.Remaining > TimeSpan.Zero ? null
            : afterGap ? time.GetTimestamp()
            : LapsedAt ?? time.GetTimestamp();
    }
}
