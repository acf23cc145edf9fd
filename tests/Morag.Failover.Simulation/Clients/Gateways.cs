using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Clients;

/// <summary>
/// The way of clients to the owners: a call to one node, which passes it to the owner and the answer back. Each leg can fail by itself.
/// </summary>
internal sealed class Gateways(SimulatedCluster cluster)
{
    private static readonly TimeSpan ConnectionRefused = TimeSpan.FromMilliseconds(1);

    private readonly Dictionary<(string Client, int Slot), int> cuts = [];
    private readonly HashSet<RequestId> requests = [];
    private long calls;

    /// <summary>What is wrong with the network between clients and nodes.</summary>
    public List<MessageFaults> Faults { get; } = [];

    /// <summary>Called with each answer when its owner sends it, and with whether a node passed the same lease call before.</summary>
    public Action<string, object, bool> OnAnswered { get; set; } = (_, _, _) => { };

    /// <summary>Called with each call and its end as the client sees them, for whoever reads the history.</summary>
    public Action<string, string> OnCall { get; set; } = (_, _) => { };

    /// <summary>
    /// Whether calls of a client to some node get through, and on from there. While nodes lose single messages to each other, which TCP
    /// does not do, none counts as getting through: several heartbeats in a row may get lost between live nodes.
    /// </summary>
    public bool Reaches(string client) =>
        Faults.Count == 0
        && cluster.Network.Faults.Count == 0
        && Enumerable.Range(0, cluster.Count).Any(slot => cluster.Serves(slot) && !IsCut(client, slot));

    /// <summary>Whether a node would answer a client's check whether it is alive.</summary>
    public bool IsAlive(string client, int slot) => cluster.Current(slot) is { IsFrozen: false } && !IsCut(client, slot);

    public void Cut(string client, int slot, TimeSpan duration)
    {
        cuts[(client, slot)] = cuts.GetValueOrDefault((client, slot)) + 1;
        cluster.World.After(duration, () => cuts[(client, slot)]--);
    }

    /// <summary>Calls an owner through a node.</summary>
    /// <param name="client">The client.</param>
    /// <param name="slot">The node.</param>
    /// <param name="kind">The kind of owner.</param>
    /// <param name="message">The message.</param>
    /// <param name="patience">How long the client waits.</param>
    /// <param name="then">Called once, with the answer, or null if there is none in time.</param>
    public void Call(string client, int slot, RegionKind kind, IWireMessage message, TimeSpan patience, Action<IWireMessage?> then)
    {
        var isOver = false;
        OnCall(client, $"calls node {slot}: {message.GetType().Name}");
        cluster.World.After(patience, () => End(null));
        if (cluster.Current(slot) is not { } && !IsCut(client, slot))
        {
            cluster.World.After(ConnectionRefused, () => End(null));
            return;
        }

        Travel(client, slot, () =>
        {
            if (cluster.Current(slot) is { } node)
            {
                node.Do(() => Pass(node, kind, message, client, answer => Travel(client, slot, () => End(answer))));
            }
        });

        void End(IWireMessage? answer)
        {
            if (!isOver)
            {
                isOver = true;
                OnCall(client, $"hears from node {slot}: {(answer is Refused ? answer : answer?.GetType().Name)}");
                then(answer);
            }
        }
    }

    private void Pass(SimulatedNode node, RegionKind kind, IWireMessage message, string client, Action<IWireMessage> answered)
    {
        if (!node.Joined || node.Presence.State == ServingPermit.Revoked)
        {
            answered(Refused.Unavailable("the node has not joined the cluster, or has left it"));
            return;
        }

        var isRepeat = message is RequestLeases { RequestId: { } request } && !requests.Add(request);
        var reply = new ReplyRef(
            node, $"call-{++calls}", answer => OnAnswered(client, answer, isRepeat), answer => answered((IWireMessage)answer));
        node.Route(kind, message, reply);
    }

    private void Travel(string client, int slot, Action arrive)
    {
        var delay = cluster.World.Seconds(0.0005, 0.005);
        foreach (var fault in Faults)
        {
            if (fault.Loses())
            {
                return;
            }

            if (fault.Duplicates())
            {
                Arrive(delay + fault.Delay());
            }

            delay += fault.Delay();
        }

        Arrive(delay);

        void Arrive(TimeSpan after)
        {
            cluster.World.After(after, () =>
            {
                if (!IsCut(client, slot))
                {
                    arrive();
                }
            });
        }
    }

    private bool IsCut(string client, int slot) => cuts.Count > 0 && cuts.GetValueOrDefault((client, slot)) > 0;
}
