using Akka.Dispatch;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Worlds;

/// <summary>
/// Virtual time and the order of everything. Nothing runs but what this loop runs, on one thread: the mailboxes of all nodes, in a drawn
/// order, and when none is ready, whatever is due next. So one seed gives one history.
/// </summary>
internal sealed class World(ulong seed)
{
    /// <summary>More runs at one instant than this are an endless exchange of messages.</summary>
    private const int MostRunsAtOnce = 2_000_000;

    private readonly PriorityQueue<Planned, (long At, long Number)> planned = new();
    private readonly List<(SimulatedNode Node, IRunnable Run)> ready = [];
    private long planNumber;

    /// <summary>The wall clock of every node when the simulation starts.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The random draws of everything but the faults.</summary>
    public Random Random { get; } = new(Seeds.Mix(seed, 1));

    /// <summary>The time since the start.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>The number of mailbox runs so far.</summary>
    public long Runs { get; private set; }

    /// <summary>A duration between two numbers of seconds.</summary>
    public TimeSpan Seconds(double least, double most) =>
        new((long)((least + ((most - least) * Random.NextDouble())) * TimeSpan.TicksPerSecond));

    /// <summary>Plans an action. On a node that is frozen by then it waits for the thaw; on one that is dead it never runs.</summary>
    public Planned After(TimeSpan delay, Action action, SimulatedNode? on = null)
    {
        var next = new Planned(action, on);
        var at = Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
        planned.Enqueue(next, (at.Ticks, planNumber++));
        return next;
    }

    /// <summary>Has a mailbox or other work of a node run now, in a drawn order with all others.</summary>
    public void Run(SimulatedNode node, IRunnable run) => ready.Add((node, run));

    /// <summary>Lets time pass.</summary>
    public void PassUntil(TimeSpan end)
    {
        while (true)
        {
            RunReady();
            if (!planned.TryPeek(out _, out var first) || first.At > end.Ticks)
            {
                Now = end;
                return;
            }

            var next = planned.Dequeue();
            Now = new TimeSpan(first.At);
            if (!next.IsCancelled)
            {
                Do(next.On, next.Action);
            }
        }
    }

    private void RunReady()
    {
        for (var count = 0; ready.Count > 0; count++)
        {
            if (count > MostRunsAtOnce)
            {
                throw new InvalidOperationException($"the owners exchange messages without end at {Now}");
            }

            var drawn = Random.Next(ready.Count);
            var (node, run) = ready[drawn];
            ready[drawn] = ready[^1];
            ready.RemoveAt(ready.Count - 1);
            Runs++;
            Do(node, run.Run);
        }
    }

    private static void Do(SimulatedNode? node, Action action)
    {
        if (node is null)
        {
            action();
        }
        else
        {
            node.Do(action);
        }
    }

    /// <summary>An action that is planned.</summary>
    internal sealed class Planned(Action action, SimulatedNode? on)
    {
        public Action Action { get; } = action;

        public SimulatedNode? On { get; } = on;

        public bool IsCancelled { get; private set; }

        public void Cancel() => IsCancelled = true;
    }
}
