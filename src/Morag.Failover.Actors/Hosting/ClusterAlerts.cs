using Akka.Cluster;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Actors.Hosting;

/// <summary>The owners of the whole cluster that fail.</summary>
/// <param name="Alerts">The alerts, those that have failed for the longest time first; at most <see cref="MaxAlerts"/>.</param>
/// <param name="SilentNodes">The nodes that did not answer in time, as host and port.</param>
/// <param name="More">The number of alerts that are left out because there are too many.</param>
public sealed record ClusterAlerts(ImmutableArray<OwnerAlert> Alerts, ImmutableArray<string> SilentNodes, int More)
{
    /// <summary>The most alerts in a list.</summary>
    public const int MaxAlerts = 1000;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Asks every member, and adds the fixed owners that do not answer this node.</summary>
    public static async Task<ClusterAlerts> ReadAsync(ActorSystem system, OwnerHealth health, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(health);
        return Of(await AskAllAsync(system, cancellation), health.Down);
    }

    /// <summary>Asks every member. One that did not answer in time has no alerts.</summary>
    internal static Task<(string Node, NodeAlerts? Alerts)[]> AskAllAsync(ActorSystem system, CancellationToken cancellation)
    {
        var members = Akka.Cluster.Cluster.Get(system).State.Members.Where(
            member => member.Status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Exiting);
        return Task.WhenAll(members.Select(member => AskAsync(system, member.Address, cancellation)));
    }

    internal static ClusterAlerts Of((string Node, NodeAlerts? Alerts)[] answers, IReadOnlyDictionary<string, DownOwner> down)
    {
        var known = answers.SelectMany(answer => answer.Alerts?.Alerts ?? []).ToList();
        var named = known.Select(alert => alert.Owner).ToHashSet(StringComparer.Ordinal);
        known.AddRange(down
            .Where(each => !each.Value.IsStarting && !named.Contains(each.Key))
            .Select(each => new OwnerAlert { Owner = each.Key, Reason = each.Value.Why, Since = each.Value.Since }));
        return new(
            [.. known.OrderBy(alert => alert.Since).ThenBy(alert => alert.Owner, StringComparer.Ordinal).Take(MaxAlerts)],
            [.. answers.Where(answer => answer.Alerts is null).Select(answer => answer.Node)],
            answers.Sum(answer => answer.Alerts?.More ?? 0) + Math.Max(0, known.Count - MaxAlerts));
    }

    private static async Task<(string Node, NodeAlerts? Alerts)> AskAsync(
        ActorSystem system, Address node, CancellationToken cancellation)
    {
        var name = NodeName.Of(node);
        try
        {
            var reporter = system.ActorSelection(new RootActorPath(node) / "user" / AlertReporter.Name);
            return (name, await reporter.Ask<NodeAlerts>(new GetNodeAlerts(), AnswerTimeout, cancellation));
        }
        catch (AskTimeoutException)
        {
            return (name, null);
        }
    }
}
