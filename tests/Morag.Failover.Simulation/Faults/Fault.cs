using System.Globalization;
using Morag.Failover.Simulation.Clients;
using Morag.Failover.Simulation.Storage;

namespace Morag.Failover.Simulation.Faults;

/// <summary>
/// One fault of a schedule. Its own draws depend on nothing but the seed and its number, so that the others stay as they are when one is
/// dropped from the schedule.
/// </summary>
/// <param name="Number">Its number in the schedule.</param>
/// <param name="At">When it begins.</param>
internal abstract record Fault(int Number, TimeSpan At)
{
    /// <summary>Begins it. It ends by itself.</summary>
    public abstract void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random);

    /// <summary>Adds something to a list for a while.</summary>
    protected static void For<T>(Running running, TimeSpan duration, List<T> list, T item)
    {
        list.Add(item);
        running.World.After(duration, () => list.Remove(item));
    }
}

/// <summary>kill -9 of a node.</summary>
internal sealed record NodeKilled(int Number, TimeSpan At, int Slot, TimeSpan RestartAfter) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) =>
        running.Cluster.Kill(Slot, RestartAfter);
}

/// <summary>SIGSTOP of a node, and SIGCONT.</summary>
internal sealed record NodeFrozen(int Number, TimeSpan At, int Slot, TimeSpan For) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) => running.Cluster.Freeze(Slot, For);
}

/// <summary>A node that runs in fits and starts, as on a machine that swaps. It may be taken for dead and run on.</summary>
internal sealed record NodeSlow(int Number, TimeSpan At, int Slot, TimeSpan For) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random)
    {
        var end = running.World.Now + For;
        Pause();

        void Pause()
        {
            if (running.World.Now >= end)
            {
                return;
            }

            // Most pauses are short, and some are longer than anybody waits.
            var pause = TimeSpan.FromSeconds(0.2 + (8 * Math.Pow(random.NextDouble(), 2)));
            running.Cluster.Freeze(Slot, pause);
            running.World.After(pause + TimeSpan.FromSeconds(0.05 + (3 * random.NextDouble())), Pause);
        }
    }
}

/// <summary>A minority of the nodes is cut off from the others.</summary>
internal sealed record NodesCutOff(int Number, TimeSpan At, ImmutableArray<int> Slots, TimeSpan For, bool Incoming, bool Outgoing)
    : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) =>
        running.Cluster.Isolate(Slots, For, Incoming, Outgoing);

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"NodesCutOff {{ Number = {Number}, At = {At}, Slots = {string.Join('+', Slots)}, For = {For}, {Incoming}/{Outgoing} }}");
}

/// <summary>The wall clock of a node jumps.</summary>
internal sealed record ClockJumped(int Number, TimeSpan At, int Slot, TimeSpan By) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) => running.Cluster.JumpClock(Slot, By);
}

/// <summary>A bad network between the nodes, or between the clients and the nodes.</summary>
internal sealed record NetworkBad(
    int Number, TimeSpan At, bool OfClients, double Loses, double Duplicates, TimeSpan Delays, bool Reorders, TimeSpan For)
    : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) => For(
        running,
        For,
        OfClients ? running.Gateways.Faults : running.Cluster.Network.Faults,
        new MessageFaults(random, Loses, Duplicates, Delays, Reorders));
}

/// <summary>A bad store, for all nodes or for one.</summary>
internal sealed record StoreBad(
    int Number, TimeSpan At, OperationFate Fate, double Chance, TimeSpan Delays, int? Slot, TimeSpan For) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random) =>
        For(running, For, running.Cluster.Store.Faults, new StoreFaults(random, Fate, Chance, Delays, Slot));
}

/// <summary>A worker dies, and comes back as a new instance.</summary>
internal sealed record WorkerDied(int Number, TimeSpan At, int Worker, TimeSpan RestartAfter) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random)
    {
        workers[Worker].Die();
        running.World.After(RestartAfter, workers[Worker].Start);
    }
}

/// <summary>A worker cannot reach some nodes.</summary>
internal sealed record WorkerCutOff(int Number, TimeSpan At, int Worker, ImmutableArray<int> Slots, TimeSpan For) : Fault(Number, At)
{
    public override void Begin(Running running, IReadOnlyList<ModelWorker> workers, Random random)
    {
        foreach (var slot in Slots)
        {
            running.Gateways.Cut(workers[Worker].Id, slot, For);
        }
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"WorkerCutOff {{ Number = {Number}, At = {At}, Worker = {Worker}, Slots = {string.Join('+', Slots)}, For = {For} }}");
}
