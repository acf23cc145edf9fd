using System.Runtime.Serialization;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>What is too large all the same is never silent: who waits for it is told, and what it handed out comes back.</summary>
public sealed class ValueTooLargeSpecs()
    : TestKit(ConfigurationFactory.ParseString("akka.loglevel = OFF").WithFallback(FailoverSerialization.Config))
{
    private static readonly string TooLong = new('x', MessageLimits.MaxBytes);

    [Fact]
    public void Should_reach_the_asker_as_a_refusal_when_an_answer_is_too_large()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(ValueTooLarge));

        var received = Assert.IsType<Refused>(Sent(Granted()));

        Assert.Equal(RefusalReason.Unavailable, received.Reason);
        Assert.Contains("leases-granted", received.Message, StringComparison.Ordinal);
        Assert.Contains("4,194,304", received.Message, StringComparison.Ordinal);
        Assert.IsType<LeasesGranted>(ExpectMsg<ValueTooLarge>().Value);
    }

    [Fact]
    public void Should_fail_with_its_name_when_a_command_is_too_large()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(ValueTooLarge));

        var failure = Assert.Throws<SerializationException>(() => Sent(new CancelTask { TaskId = new("t"), Reason = TooLong }));

        Assert.Contains("cancel-task", failure.Message, StringComparison.Ordinal);
        Assert.IsType<CancelTask>(ExpectMsg<ValueTooLarge>().Value);
    }

    [Fact]
    public void Should_give_the_leases_back_when_their_grant_could_not_be_delivered()
    {
        var queues = TestActor;
        Sys.ActorOf(Akka.Actor.Props.Create(() => new TooLargeWatch(queues)));
        AwaitAssert(() =>
        {
            _ = Sent(Granted());
            var returned = ExpectMsg<ReleaseLeases>(TimeSpan.FromMilliseconds(200));
            Assert.Equal((3, "w", "t", 5), (
                returned.Partition, returned.WorkerId.Value, returned.Leases[0].TaskId.Value, returned.Leases[0].Epoch.Value));
        });
    }

    [Fact]
    public void Should_be_stored_and_told_when_a_stored_value_is_too_large()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(ValueTooLarge));
        var cancelled = new TasksCancelled { At = DateTimeOffset.UnixEpoch, Tasks = [new("t")], Reason = TooLong };

        Assert.Equal(cancelled.Reason, Assert.IsType<TasksCancelled>(Sent(cancelled)).Reason);
        Assert.IsType<TasksCancelled>(ExpectMsg<ValueTooLarge>().Value);
    }

    private static LeasesGranted Granted() => new()
    {
        Partition = 3,
        WorkerId = new("w"),
        Leases = [new LeasedTask { TaskId = new("t"), Epoch = new(5), Queue = new("q"), Payload = JsonText.Of(TooLong) }],
    };

    private object Sent(object value)
    {
        var serializer = Sys.Serialization.FindSerializerFor(value);
        return Sys.Serialization.Deserialize(
            serializer.ToBinary(value), serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, value));
    }
}
