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
    private SetNodeLogLevel? changed;
    private DateTimeOffset? until;

    public NodeInspector(NodeLogFeed feed, LogLevelSwitch level)
    {
        this.feed = feed;
        this.level = level;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(NodeLogFeed feed, LogLevelSwitch level) => Akka.Actor.Props.Create(() => new NodeInspector(feed, level));

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
                (changed, until) = (null, null);
                level.Set(level.Configured, Context.System.EventStream);
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
        level.Set(set.Level, Context.System.EventStream);
        Timers.Cancel(nameof(EndChange));
        (changed, until) = (set.Level == level.Configured ? null : set, null);
        if (changed is { For: { } time })
        {
            until = Context.System.Scheduler.Now + time;
            Timers.StartSingleTimer(nameof(EndChange), EndChange.Instance, time);
        }
    }

    private NodeLogLevel Level() => new()
    {
        Node = NodeName.Of(Akka.Cluster.Cluster.Get(Context.System).SelfAddress),
        Level = level.Current,
        Configured = level.Configured,
        Until = until,
        By = changed?.By,
        Reason = changed?.Reason,
    };

    private sealed class EndChange : INoSerializationVerificationNeeded
    {
        public static readonly EndChange Instance = new();
    }
}
