using Morag.Failover.Domain.Settings;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Nodes;
using Morag.Failover.Simulation.Storage;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Clusters;

/// <summary>
/// The nodes, and which of them owns what. Membership is simulated: a node that is dead, frozen or cut off is downed after a while, and its
/// owners start elsewhere, whether or not it has stopped; a node that was downed finds out later and restarts.
/// </summary>
internal sealed class SimulatedCluster
{
    private readonly SimulationPlan plan;
    private readonly SimulatedNode?[] nodes;
    private readonly bool[] isMember;
    private readonly bool[] isUnreachable;
    private readonly int[] isolations;
    private readonly int[] starts;
    private readonly int[,] cuts;
    private readonly TimeSpan[] clocksAhead;
    private readonly SortedDictionary<string, int> owners = new(StringComparer.Ordinal);
    private readonly Dictionary<(RegionKind Kind, string Shard), string> keys = [];
    private readonly Recorder recorder;

    public SimulatedCluster(World world, SimulationPlan plan, Sabotage sabotage, Recorder recorder)
    {
        var count = plan.Nodes;
        World = world;
        this.plan = plan;
        this.recorder = recorder;
        Sabotage = sabotage;
        Store = new SimulatedStore(this);
        Network = new SimulatedNetwork(this);
        nodes = new SimulatedNode?[count];
        isMember = new bool[count];
        isUnreachable = new bool[count];
        isolations = new int[count];
        starts = new int[count];
        cuts = new int[count, count];
        clocksAhead = new TimeSpan[count];
        for (var slot = 0; slot < count; slot++)
        {
            nodes[slot] = NewNode(slot);
            isMember[slot] = true;
            nodes[slot]!.Joined = true;
        }
    }

    public World World { get; }

    public Sabotage Sabotage { get; }

    public SimulatedStore Store { get; }

    public SimulatedNetwork Network { get; }

    public int Count => nodes.Length;

    /// <summary>The node that runs in a slot, frozen or not.</summary>
    public SimulatedNode? Current(int slot) => nodes[slot] is { IsDead: false } node ? node : null;

    /// <summary>Whether a node serves clients: it runs, is not frozen, and is a member that the majority reaches.</summary>
    public bool Serves(int slot) => Current(slot) is { IsFrozen: false, Joined: true } && isMember[slot] && isolations[slot] == 0;

    /// <summary>The member that runs in a slot, dead or not.</summary>
    public SimulatedNode? MemberIn(int slot) => isMember[slot] ? nodes[slot] : null;

    /// <summary>Whether a node is a member, as far as the cluster is concerned.</summary>
    public bool IsUp(SimulatedNode node) => node.Joined && MemberIn(node.Slot) == node;

    /// <summary>Whether the failure detector of some member misses a node's heartbeats.</summary>
    public bool IsUnreachable(int slot) => isUnreachable[slot];

    /// <summary>The name of a shard among all shards.</summary>
    public string KeyOf(RegionKind kind, string shard)
    {
        if (!keys.TryGetValue((kind, shard), out var key))
        {
            keys[(kind, shard)] = key = $"{kind}/{shard}";
        }

        return key;
    }

    public bool IsCut(int from, int to) => cuts[from, to] > 0;

    public void OnNodeEvent(SimulatedNode node, object happened) => recorder.OnNodeEvent(node, happened);

    /// <summary>Where a node believes an owner to be. The majority starts owners that nobody has.</summary>
    public int? Locate(SimulatedNode node, string key)
    {
        if (node.Routes.TryGetValue(key, out var known))
        {
            return known;
        }

        if (!node.Joined || !isMember[node.Slot] || nodes[node.Slot] != node || isolations[node.Slot] > 0)
        {
            return null;
        }

        if (!owners.TryGetValue(key, out var slot))
        {
            var members = Enumerable.Range(0, Count).Where(each => isMember[each] && isolations[each] == 0).ToList();
            slot = owners[key] = members[World.Random.Next(members.Count)];
            recorder.Note($"{key} starts on node {slot}");
        }

        return node.Routes[key] = slot;
    }

    /// <summary>Tells a node which others are members, if it is one itself.</summary>
    public void TellMembers(SimulatedNode node)
    {
        if (!node.Joined)
        {
            return;
        }

        foreach (var slot in Enumerable.Range(0, Count).Where(each => each != node.Slot))
        {
            node.Peers.Announce(isMember[slot] ? SimulatedMember.Up(slot) : SimulatedMember.Downed(slot));
        }
    }

    // --- What happens to nodes

    public void Kill(int slot, TimeSpan restartAfter)
    {
        if (Current(slot) is not { } node)
        {
            return;
        }

        recorder.Note($"{node.Name} is killed");
        node.Kill();
        DownWhenNoticed(node);
        World.After(restartAfter, () => Start(slot, node));
    }

    private void Kill(SimulatedNode node)
    {
        if (Current(node.Slot) == node)
        {
            Kill(node.Slot, World.Seconds(1, 5));
        }
    }

    public void Freeze(int slot, TimeSpan duration)
    {
        if (Current(slot) is not { IsFrozen: false } node)
        {
            return;
        }

        recorder.Note($"{node.Name} is frozen");
        node.Freeze();
        DownWhenNoticed(node);
        World.After(duration, () =>
        {
            if (!node.IsDead)
            {
                recorder.Note($"{node.Name} thaws");
                node.Thaw();
                RestartIfDowned(node);
            }
        });
    }

    /// <summary>A member takes over from another one, which may be alive.</summary>
    public void TakeOver(SimulatedNode node)
    {
        if (isMember[node.Slot] && nodes[node.Slot] == node)
        {
            Down(node.Slot);
        }
    }

    /// <summary>A node that was taken over leaves and ends; a service manager starts it again.</summary>
    public void LeaveSoon(SimulatedNode node) => World.After(World.Seconds(0, 3), () => Kill(node), node);

    /// <summary>Sets the wall clock of a machine.</summary>
    public void JumpClock(int slot, TimeSpan by)
    {
        clocksAhead[slot] += by;
        nodes[slot]?.JumpClock(by);
    }

    /// <summary>Cuts a minority off from the others for a while, in both directions or only in one.</summary>
    public void Isolate(IReadOnlyCollection<int> minority, TimeSpan duration, bool incoming, bool outgoing)
    {
        var others = Enumerable.Range(0, Count).Except(minority).ToList();
        recorder.Note($"nodes {string.Join('+', minority)} are cut off: incoming {incoming}, outgoing {outgoing}");
        Change(1);
        foreach (var slot in minority)
        {
            isolations[slot]++;
            if (Current(slot) is { } node)
            {
                DownWhenNoticed(node);
                World.After(World.Seconds(1, 20), () => StopIfIsolated(node));
            }
        }

        World.After(duration, () =>
        {
            recorder.Note($"nodes {string.Join('+', minority)} are connected again");
            Change(-1);
            foreach (var slot in minority)
            {
                isolations[slot]--;
                if (isolations[slot] == 0 && Current(slot) is { } node)
                {
                    RestartIfDowned(node);
                }
            }
        });

        void Change(int by)
        {
            foreach (var inside in minority)
            {
                foreach (var outside in others)
                {
                    cuts[outside, inside] += incoming ? by : 0;
                    cuts[inside, outside] += outgoing ? by : 0;
                }
            }
        }
    }

    private void DownWhenNoticed(SimulatedNode node)
    {
        var delay = World.Seconds(1, 12);
        World.After(delay * World.Random.NextDouble(), () =>
        {
            if (IsGone(node) && !isUnreachable[node.Slot])
            {
                isUnreachable[node.Slot] = true;
                AnnounceAbout(node.Slot, SimulatedMember.Unreachable(node.Slot));
            }
        });
        World.After(delay, () =>
        {
            if (IsGone(node))
            {
                Down(node.Slot);
            }
        });
    }

    private bool IsGone(SimulatedNode node) =>
        isMember[node.Slot] && nodes[node.Slot] == node && (node.IsDead || node.IsFrozen || isolations[node.Slot] > 0);

    /// <summary>A node that is cut off long enough stops, as the split-brain resolver has it.</summary>
    private void StopIfIsolated(SimulatedNode node)
    {
        if (!Sabotage.KeepsSecondOwners && isolations[node.Slot] > 0 && !node.IsFrozen)
        {
            Kill(node);
        }
    }

    private void RestartIfDowned(SimulatedNode node)
    {
        if (isMember[node.Slot])
        {
            node.Routes = new(owners);
            TellMembers(node);
            if (isUnreachable[node.Slot])
            {
                isUnreachable[node.Slot] = false;
                AnnounceAbout(node.Slot, SimulatedMember.Reachable(node.Slot));
            }
        }
        else if (!Sabotage.KeepsSecondOwners)
        {
            // Until the node notices, it still acts as the owner of its entities.
            LeaveSoon(node);
        }
    }

    private void Down(int slot)
    {
        recorder.Note($"node {slot} is downed");
        isMember[slot] = isUnreachable[slot] = false;
        if (nodes[slot] is { } node)
        {
            Store.Presence.End(node.Name);
        }

        AnnounceAbout(slot, SimulatedMember.Downed(slot));
        foreach (var key in owners.Where(owner => owner.Value == slot).Select(owner => owner.Key).ToList())
        {
            Disown(key);
        }
    }

    private void Start(int slot, SimulatedNode before)
    {
        if (nodes[slot] != before)
        {
            return;
        }

        if (isMember[slot])
        {
            Down(slot);
        }

        JoinSoon(nodes[slot] = NewNode(slot));
    }

    /// <summary>Tells the other nodes that the majority reaches what the cluster says about one, each a little later.</summary>
    private void AnnounceAbout(int slot, object happened)
    {
        foreach (var node in nodes)
        {
            if (node is { IsDead: false, Joined: true } && node.Slot != slot && isolations[node.Slot] == 0)
            {
                World.After(World.Seconds(0, 0.2), () => node.Peers.Announce(happened), node);
            }
        }
    }

    private void JoinSoon(SimulatedNode node) => World.After(
        World.Seconds(0.5, 3),
        () =>
        {
            if (isolations[node.Slot] > 0)
            {
                JoinSoon(node);
                return;
            }

            recorder.Note($"{node.Name} joins");
            isMember[node.Slot] = true;
            node.Joined = true;
            node.Routes = new(owners);
            TellMembers(node);
            AnnounceAbout(node.Slot, SimulatedMember.Up(node.Slot));
            Rebalance(node.Slot);
        },
        node);

    private SimulatedNode NewNode(int slot) =>
        new(this, slot, $"node-{slot}-{++starts[slot]}", clocksAhead[slot], plan);

    // --- Where owners are

    private void Rebalance(int to)
    {
        var members = isMember.Count(member => member);
        foreach (var (key, from) in owners.ToList())
        {
            if (from != to && World.Random.Next(members) == 0)
            {
                World.After(World.Seconds(0, 5), () => HandOff(key, from, to));
            }
        }
    }

    private void HandOff(string key, int from, int to)
    {
        if (!owners.TryGetValue(key, out var now) || now != from || Current(from) is not { IsFrozen: false } node)
        {
            return;
        }

        var kind = Enum.Parse<RegionKind>(key.Split('/')[0]);
        node.HandOff(kind, key.Split('/')[1], () =>
        {
            node.Routes.Remove(key);
            if (!owners.TryGetValue(key, out var still) || still != from)
            {
                return;
            }

            if (isMember[to])
            {
                owners[key] = node.Routes[key] = to;
                recorder.Note($"{key} moves from node {from} to node {to}");
                Announce(key);
            }
            else
            {
                Disown(key);
            }
        });
    }

    /// <summary>Leaves an owner without a node: the next message to it starts it on some node.</summary>
    private void Disown(string key)
    {
        owners.Remove(key);
        Announce(key);
    }

    /// <summary>Tells the nodes that the majority reaches where an owner is, each a little later.</summary>
    private void Announce(string key)
    {
        foreach (var node in nodes)
        {
            if (node is { IsDead: false, Joined: true } && isolations[node.Slot] == 0)
            {
                World.After(World.Seconds(0, 0.2), () => Learn(node, key), node);
            }
        }
    }

    private void Learn(SimulatedNode node, string key)
    {
        if (!isMember[node.Slot])
        {
            return;
        }

        // As it is now: an announcement must not undo a later one that arrived first.
        if (owners.TryGetValue(key, out var slot))
        {
            node.Routes[key] = slot;
        }
        else
        {
            node.Routes.Remove(key);
        }
    }
}
