using Akka.Serialization;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Actors.Tests.Serialization;

public sealed class StrictSerializationSpecs() : TestKit(FailoverSerialization.Config)
{
    [Fact]
    public void Should_refuse_a_type_that_no_protocol_knows() =>
        Assert.Throws<System.Runtime.Serialization.SerializationException>(
            () => Sys.Serialization.Serialize(new { A = 1 }));

    [Fact]
    public void Should_keep_every_value_when_a_message_travels()
    {
        var sent = new ReportFailure
        {
            TaskId = new("t-1"),
            WorkerId = new("w-1"),
            Epoch = new LeaseEpoch(0),
            FailureType = FailureType.WorkerOffline,
            Context = JsonText.Trusted("""{"a":1}"""),
        };

        var received = Assert.IsType<ReportFailure>(Travel(sent));

        Assert.Equal(sent, received);
    }

    private object Travel(object message)
    {
        var serializer = Sys.Serialization.FindSerializerFor(message);
        return Sys.Serialization.Deserialize(
            serializer.ToBinary(message), serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, message));
    }
}
