using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>The clocks of a machine: the monotonic one is the time of the world, and the wall clock may jump.</summary>
internal sealed class NodeTime(SimulatedNode node) : TimeProvider
{
    /// <summary>How far the wall clock is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => node.World.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => World.Start + node.World.Now + Ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new NodeTimer(node, () => callback(state), dueTime, period);

    private sealed class NodeTimer : ITimer
    {
        private readonly SimulatedNode node;
        private readonly Action action;
        private World.Planned? next;

        public NodeTimer(SimulatedNode node, Action action, TimeSpan dueTime, TimeSpan period)
        {
            (this.node, this.action) = (node, action);
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            next?.Cancel();
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                next = node.World.After(
                    dueTime,
                    () =>
                    {
                        Change(period, period);
                        action();
                    },
                    node);
            }

            return true;
        }

        public void Dispose() => next?.Cancel();

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
