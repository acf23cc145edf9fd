using System.ComponentModel.DataAnnotations;
using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Audit;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Inspection;

namespace Morag.Failover.Node.Http.Nodes;

/// <summary>The operator's calls about nodes: leave, and take over.</summary>
internal static class NodeControlEndpoints
{
    private const string AfterDown =
        "Its owners start on other nodes now, and its leases stay valid. If its process still runs, it stops when it learns of this; until "
        + "then the journal rejects what it writes";

    public static void MapNodeControls(this IEndpointRouteBuilder api)
    {
        var cluster = api.MapGroup("/cluster").WithTags("Cluster");
        cluster.MapPost("leave", Leave).Reads<LeaveRequest>()
            .Refuses(StatusCodes.Status409Conflict, StatusCodes.Status503ServiceUnavailable)
            .Describes<NodesAffected>(
            "Operator: let a node leave the cluster; it hands its owners over and stops");
        cluster.MapPost("down", Down).Reads<DownRequest>()
            .Refuses(StatusCodes.Status409Conflict, StatusCodes.Status503ServiceUnavailable)
            .Describes<NodesAffected>(
            "Operator: remove a node that is dead; its owners start on other nodes at once");
        cluster.MapPost("down-unreachable", DownUnreachable).Reads<DownUnreachableRequest>()
            .Refuses(StatusCodes.Status409Conflict, StatusCodes.Status503ServiceUnavailable)
            .Describes<NodesAffected>(
            "Operator: remove all nodes that this node sees as unreachable");
    }

    private static async Task<IResult> Leave(
        HttpContext context, ActorSystem system, NodeInspectors nodes, OperatorAudit audit)
    {
        var request = await JsonBody.Read<LeaveRequest>(context);
        var reason = request.DryRun ? null : Rules.Reason(request.Reason);
        var member = nodes.Find(Rules.Required(request.Node, "node"));
        var name = NodeInspectors.NameOf(member);
        var (unreachable, role) = (Akka.Cluster.Cluster.Get(system).State.Unreachable, OwnerRole.Of(system));
        var isLast = !nodes.Members.Any(other => other.Status == MemberStatus.Up
            && !other.Equals(member)
            && !unreachable.Contains(other)
            && (role.Length == 0 || other.HasRole(role)));
        if (isLast && !request.Force && !request.DryRun)
        {
            throw new ProblemException(Problem.Conflict(
                "force",
                $"the node {name} is the only one that is up, so no call will be served without it. Set force to true to stop it"));
        }

        if (!request.DryRun)
        {
            await audit.RecordAsync(context, AuditAction.NodeLeave, name, reason!, WireName.Of(member.Status), "leaving");
            Akka.Cluster.Cluster.Get(system).Leave(member.Address);
        }

        return Answer.Ok(new NodesAffected
        {
            Nodes = [name],
            Next = isLast
                ? "It is the only node that is up, so no call is served until a node starts. It needs force"
                : "It hands its owners over, leaves the cluster and stops. Start it again to take part again",
            DryRun = request.DryRun,
        });
    }

    private static async Task<IResult> Down(HttpContext context, ActorSystem system, NodeInspectors nodes, OperatorAudit audit)
    {
        var request = await JsonBody.Read<DownRequest>(context);
        var reason = request.DryRun ? null : Rules.Reason(request.Reason);
        var member = nodes.Find(Rules.Required(request.Node, "node"));
        var name = NodeInspectors.NameOf(member);
        var cluster = Akka.Cluster.Cluster.Get(system);
        var works = !cluster.State.Unreachable.Contains(member) && member.Status is not MemberStatus.Down;
        if (works && !request.Force && !request.DryRun)
        {
            throw new ProblemException(Problem.Conflict(
                "force",
                $"the node {name} is reachable, so it probably works. Let it leave instead, or set force to true to remove it"));
        }

        if (!request.DryRun)
        {
            await audit.RecordAsync(context, AuditAction.NodeDown, name, reason!, StateOf(cluster, member), "down");
            cluster.Down(member.Address);
        }

        return Answer.Ok(new NodesAffected
        {
            Nodes = [name],
            Next = works ? $"{AfterDown}. The node is reachable, so it probably works: this needs force" : AfterDown,
            DryRun = request.DryRun,
        });
    }

    private static async Task<IResult> DownUnreachable(HttpContext context, ActorSystem system, OperatorAudit audit)
    {
        var request = await JsonBody.Read<DownUnreachableRequest>(context);
        var reason = request.DryRun ? null : Rules.Reason(request.Reason);
        var cluster = Akka.Cluster.Cluster.Get(system);
        var members = cluster.State.Unreachable.OrderBy(NodeInspectors.NameOf, StringComparer.Ordinal).ToList();
        var reachable = cluster.State.Members.Count(member => member.Status == MemberStatus.Up && !members.Contains(member));
        if (members.Count > reachable && !request.DryRun)
        {
            throw new ProblemException(Problem.Conflict(
                null,
                $"from here {Counted.Of(members.Count, "node")} cannot be reached and {Counted.Of(reachable, "node")} can, so this node "
                + "may be the one that is cut off. Ask a node of the larger side, or remove them one by one"));
        }

        foreach (var member in request.DryRun ? [] : members)
        {
            var name = NodeInspectors.NameOf(member);
            await audit.RecordAsync(context, AuditAction.NodeDown, name, reason!, StateOf(cluster, member), "down");
            cluster.Down(member.Address);
        }

        return Answer.Ok(new NodesAffected
        {
            Nodes = [.. members.Select(NodeInspectors.NameOf)],
            Next = members.Count == 0 ? "Nothing: this node sees every other node as reachable" : AfterDown,
            DryRun = request.DryRun,
        });
    }

    private static string StateOf(Akka.Cluster.Cluster cluster, Member member) =>
        WireName.Of(member.Status) + (cluster.State.Unreachable.Contains(member) ? ", unreachable" : ", reachable");
}

/// <summary>An operator lets a node leave.</summary>
internal sealed record LeaveRequest
{
    /// <summary>The node: its address, its host and port, the URL of its HTTP API, or <c>self</c>. Required.</summary>
    [Required]
    public string? Node { get; init; }

    /// <summary>Whether it may leave although no other node is up.</summary>
    public bool Force { get; init; }

    /// <summary>Whether to only say what would happen.</summary>
    public bool DryRun { get; init; }

    /// <summary>The reason. Required, except with <see cref="DryRun"/>.</summary>
    public string? Reason { get; init; }
}

/// <summary>An operator removes a node.</summary>
internal sealed record DownRequest
{
    /// <summary>The node: its address, its host and port, the URL of its HTTP API, or <c>self</c>. Required.</summary>
    [Required]
    public string? Node { get; init; }

    /// <summary>Whether to remove it even if this node can reach it.</summary>
    public bool Force { get; init; }

    /// <summary>Whether to only say what would happen.</summary>
    public bool DryRun { get; init; }

    /// <summary>The reason. Required, except with <see cref="DryRun"/>.</summary>
    public string? Reason { get; init; }
}

/// <summary>An operator removes all unreachable nodes.</summary>
internal sealed record DownUnreachableRequest
{
    /// <summary>Whether to only say which nodes it would remove.</summary>
    public bool DryRun { get; init; }

    /// <summary>The reason. Required, except with <see cref="DryRun"/>.</summary>
    public string? Reason { get; init; }
}
