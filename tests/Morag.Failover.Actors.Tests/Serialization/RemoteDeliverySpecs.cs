using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>
/// Two actor systems with the node's own remoting settings. The largest messages that there can be arrive; of one that is larger all the
/// same, sender and receiver are told, and the connection goes on.
/// </summary>
public sealed class RemoteDeliverySpecs : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Config NodeConfig = ConfigurationFactory.ParseString(
            """
            akka { loglevel = ERROR, stdout-loglevel = OFF, loggers = [], actor.provider = remote }
            """)
        .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "akka.conf"))))
        .WithFallback(FailoverSerialization.Config);

    private readonly ActorSystem other;
    private readonly IActorRef echo;

    public RemoteDeliverySpecs()
        : base(NodeConfig)
    {
        other = ActorSystem.Create("other", NodeConfig);
        _ = other.ActorOf(Props.Create(() => new Echo()), "echo");
        var address = ((ExtendedActorSystem)other).Provider.DefaultAddress;
        echo = Sys.ActorSelection(new RootActorPath(address) / "user" / "echo").ResolveOne(Patience).GetAwaiter().GetResult();
    }

    public static TheoryData<string> LargestValues => [.. LargestMessages.ByName.Keys];

    [Theory]
    [MemberData(nameof(LargestValues))]
    public void Should_keep_below_the_limit_and_arrive_when_every_part_is_as_large_as_it_may_be(string name)
    {
        var value = LargestMessages.ByName[name];

        Assert.InRange(Sys.Serialization.FindSerializerFor(value).ToBinary(value).Length, 1, MessageLimits.MaxBytes);
        if (value is IWireMessage)
        {
            echo.Tell(value, TestActor);
            Assert.IsType(value.GetType(), ExpectMsg<IWireMessage>(Patience));
        }
    }

    [Theory]
    [MemberData(nameof(MessageBoundsSpecs.Paths), MemberType = typeof(MessageBoundsSpecs))]
    public void Should_arrive_when_what_is_gathered_is_divided(string path)
    {
        List<IWireMessage> messages = [.. MessageBoundsSpecs.Driven(path).OfType<IWireMessage>()];

        messages.ForEach(message => echo.Tell(message, TestActor));

        Assert.All(messages, message => Assert.IsType(message.GetType(), ExpectMsg<IWireMessage>(Patience)));
    }

    [Fact]
    public async Task Should_tell_the_asker_and_give_leases_back_when_a_grant_is_too_large_to_be_sent()
    {
        var queues = CreateTestProbe();
        await WatchesAsync(queues);
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        var asker = other.ActorOf(Props.Create(() => new Keeper()));
        var remoteAsker = await Sys.ActorSelection(asker.Path.ToStringWithAddress(((ExtendedActorSystem)other).Provider.DefaultAddress))
            .ResolveOne(Patience);

        remoteAsker.Tell(TooLarge());

        Assert.Equal(RefusalReason.Unavailable, (await asker.Ask<Refused>(Keeper.Ask.Instance, Patience)).Reason);
        var returned = await queues.ExpectMsgAsync<ReleaseLeases>(Patience);
        Assert.Equal(("w", "t"), (returned.WorkerId.Value, returned.Leases[0].TaskId.Value));
        Assert.Contains("leases-granted", (await ExpectMsgAsync<Error>(Patience)).Message.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_say_what_was_not_sent_and_go_on_when_a_command_is_too_large()
    {
        var queues = CreateTestProbe();
        await WatchesAsync(queues);
        var errors = CreateTestProbe();
        Sys.EventStream.Subscribe(errors.Ref, typeof(Error));

        echo.Tell(new CancelTask { TaskId = new("t"), Reason = new string('x', MessageLimits.MaxBytes) }, TestActor);
        echo.Tell(new CancelTask { TaskId = new("next") }, TestActor);

        Assert.Equal("next", (await ExpectMsgAsync<CancelTask>(Patience)).TaskId.Value);
        _ = await errors.FishForMessageAsync<Error>(
            error => $"{error.Message}".Contains("\"cancel-task\" has", StringComparison.Ordinal)
                && $"{error.Message}".Contains("It was not sent", StringComparison.Ordinal),
            Patience);
    }

    protected override void AfterAll()
    {
        other.Terminate().Wait(Patience);
        base.AfterAll();
    }

    /// <summary>Starts the watch, and returns when it listens.</summary>
    private async Task WatchesAsync(Akka.TestKit.TestProbe queues)
    {
        var watch = Sys.ActorOf(Props.Create(() => new TooLargeWatch(queues.Ref)));
        _ = await watch.Ask<ActorIdentity>(new Identify(null), Patience);
    }

    private static LeasesGranted TooLarge() => new()
    {
        Partition = 3,
        WorkerId = new("w"),
        Leases =
        [
            new LeasedTask
            {
                TaskId = new("t"),
                Epoch = new(5),
                Queue = new("q"),
                Payload = JsonText.Of(new string('x', MessageLimits.MaxBytes)),
            },
        ],
    };

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    /// <summary>Keeps the first message from another system, for whoever asks in its own.</summary>
    private sealed class Keeper : ReceiveActor
    {
        private readonly TaskCompletionSource<object> first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Keeper()
        {
            Receive<Ask>(_ => first.Task.PipeTo(Sender));
            ReceiveAny(message => first.TrySetResult(message));
        }

        public sealed record Ask : INoSerializationVerificationNeeded
        {
            public static readonly Ask Instance = new();
        }
    }
}
