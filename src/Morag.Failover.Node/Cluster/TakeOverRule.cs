namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Whether this node may take over from another member without waiting for the split brain resolver. Being wrong costs a restart of the
/// other node, so a member that may only be slow is left alone.
/// </summary>
internal static class TakeOverRule
{
    /// <summary>
    /// The reason to take over, or null. It needs two signs: the member's presence in Redis has expired, and the connection to it is
    /// broken or the failure detector cannot reach it. A member that is reachable is taken over only after
    /// <paramref name="lapsedFor"/>: it cannot reach Redis, so it can store nothing.
    /// </summary>
    /// <param name="self">What this node knows about itself.</param>
    /// <param name="member">What this node knows about the member.</param>
    /// <param name="lapsedFor">How long the presence of a reachable member must have been expired.</param>
    public static string? Reason(TakeOverSelf self, MemberSigns member, TimeSpan lapsedFor) =>
        // A node that cannot renew its own presence knows nothing about the presence of others.
        !self.IsUp || !self.IsPresent || member.LapsedFor is not { } lapsed ? null
        : member.IsConnectionBroken ? "its presence in Redis has expired, and the connection to it is broken"
        : member.IsUnreachable ? "its presence in Redis has expired, and its heartbeats have stopped"
        : lapsed >= lapsedFor ? $"it has not renewed its presence in Redis for {lapsed.TotalSeconds:0} s, so it can store nothing"
        : null;
}

/// <summary>What a node must know about itself before it takes over.</summary>
/// <param name="IsUp">Whether it is an up member. A member that is joining or leaving takes nothing over.</param>
/// <param name="IsPresent">Whether its own presence is current.</param>
internal readonly record struct TakeOverSelf(bool IsUp, bool IsPresent);

/// <summary>What a node knows about another member.</summary>
/// <param name="LapsedFor">
/// How long this node has seen the member's presence expired, without a gap in its own; null while the presence is current, and for a
/// member that has never had one, such as an older version.
/// </param>
/// <param name="IsConnectionBroken">Whether the connection broke, or a new one was refused, and none has been made since.</param>
/// <param name="IsUnreachable">Whether the failure detector of any member calls it unreachable.</param>
internal readonly record struct MemberSigns(TimeSpan? LapsedFor, bool IsConnectionBroken, bool IsUnreachable);
