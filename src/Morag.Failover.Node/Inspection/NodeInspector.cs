using Akka.Actor;
using Akka.Event;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Inspection;

/// <summary>Answers what other nodes want to know about this process, and changes the level of its log.</summary>
internal sealed class NodeInspector : UntypedActor, IWithTimers
{
    /// <summary>The actor's name. It is the same on every node, because nodes ask each other.</summary>
    public const string Name = "node-inspector";

    private readonly NodeLogFeed feed;
    private readonly LogLevelSwitch level;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly ShardEntityReader entities = new(Context.System);

    public NodeInspector(NodeLogFeed feed, LogLevelSwitch level)
    {
        this.feed = feed;
        this.level = level;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(NodeLogFeed feed, LogLevelSwitch level) => Akka.Actor.Props.Create(() => new NodeInspector(feed, level));

    /// <summary>The change of the level outlives the actor, so that its end does too.</summary>
    protected override void PreStart() => EndLater();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetNodeLog get:
                Sender.Tell(feed.Read(get));
                break;
            case GetNodeLogLevel:
                Sender.Tell(Level());
                break;
            case SetNodeLogLevel set:
                Change(set);
                Sender.Tell(Level());
                break;
            case EndChange:
                log.Warning("The level of the log is {Level} again", WireName.Of(level.Configured));
                level.Set(level.Configured, null, Context.System.EventStream);
                break;
            case GetActorTree get:
                Sender.Tell(new ActorTree { Root = new ActorTreeReader((ExtendedActorSystem)Context.System).Read(get.Under) });
                break;
            case ListShardEntities list:
                entities.ReadAsync(list).PipeTo(Sender);
                break;
            case MoveShards move:
                ShardMoves.Of(Context.System).Ask(move);
                Sender.Tell(new Done());
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Change(SetNodeLogLevel set)
    {
        // A warning, so that it is logged at most levels.
        log.Warning("{By} set the level of the log to {Level}: {Reason}", set.By, WireName.Of(set.Level), set.Reason);
        var until = Context.System.Scheduler.Now + set.For;
        level.Set(
            set.Level, set.Level == level.Configured ? null : new LogLevelChange(set.By, set.Reason, until), Context.System.EventStream);
        EndLater();
    }

    private void EndLater()
    {
        Timers.Cancel(nameof(EndChange));
        if (level.Change?.Until is { } until)
        {
            var left = until - Context.System.Scheduler.Now;
            Timers.StartSingleTimer(nameof(EndChange), EndChange.Instance, left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private NodeLogLevel Level() => new()
    {
        Node = NodeName.Of(Akka.Cluster.Cluster.Get(Context.System).SelfAddress),
        Level = level.Current,
        Configured = level.Configured,
        Until = level.Change?.Until,
        By = level.Change?.By,
        Reason = level.Change?.Reason,
    };

    private sealed class EndChange : INoSerializationVerificationNeeded
    {
        public static readonly EndChange Instance = new();
    }
}
