using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>Sends a journal the messages that persistent actors send. It works with any journal.</summary>
public abstract class JournalTestKit : TestKit
{
    protected static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    protected JournalTestKit(Config journal, ITestOutputHelper output)
        : base(Settings.WithFallback(journal).WithFallback(Priced.Serialization), output: output)
    {
        Actor = CreateTestProbe();
        Journal = Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null);
        WriterGuid = Guid.NewGuid().ToString();
    }

    private static Config Settings => ConfigurationFactory.ParseString("""
        akka.test.single-expect-default = 60s
        akka.persistence.publish-plugin-commands = on
        akka.actor.serializers.fails = "Morag.Persistence.Redis.Tests.Conformance.FailingSerializer, Morag.Persistence.Redis.Tests"
        akka.actor.serialization-bindings {
          "Morag.Persistence.Redis.Tests.Conformance.Unserializable, Morag.Persistence.Redis.Tests" = fails
        }
        """);

    protected IActorRef Journal { get; }

    /// <summary>Acts as the persistent actor.</summary>
    protected TestProbe Actor { get; }

    protected string WriterGuid { get; }

    protected string Id { get; } = $"id-{Guid.NewGuid():n}";

    protected Persistent Event(string id, long sequenceNr, object payload) => new(payload, sequenceNr, id, writerGuid: WriterGuid);

    protected AtomicWrite Batch(string id, long first, int count)
        => new(Enumerable.Range(0, count).Select(n => (IPersistentRepresentation)Event(id, first + n, $"e-{first + n}")).ToImmutableList());

    protected TestProbe Write(AtomicWrite write)
    {
        Journal.Tell(new WriteMessages([write], Actor.Ref, 1));
        return Actor;
    }

    protected void WriteEach(string id, long first, int count)
    {
        for (var n = first; n < first + count; n++)
            Expect(Write(Batch(id, n, 1)), 1);
    }

    protected ReplayResult Replay(string id, long from = 1, long to = long.MaxValue, long max = long.MaxValue)
    {
        var recovering = CreateTestProbe();
        Journal.Tell(new ReplayMessages(from, to, max, id, recovering.Ref));
        var events = new List<IPersistentRepresentation>();
        while (true)
        {
            switch (recovering.ExpectMsg<object>(Bound))
            {
                case ReplayedMessage replayed: events.Add(replayed.Persistent); break;
                case RecoverySuccess success: return new ReplayResult(events, success.HighestSequenceNr);
                case ReplayMessagesFailure failure: throw failure.Cause;
            }
        }
    }

    protected void Delete(string id, long upTo)
    {
        Journal.Tell(new DeleteMessagesTo(id, upTo, Actor.Ref));
        Actor.ExpectMsg<DeleteMessagesSuccess>(Bound).ToSequenceNr.Should(upTo);
    }

    protected static void Expect(TestProbe writer, int events) => ExpectStored(writer, events);

    protected static IReadOnlyList<WriteMessageSuccess> ExpectStored(TestProbe writer, int events)
    {
        var answer = writer.ExpectMsg<object>(Bound);
        if (answer is WriteMessagesFailed failed) throw failed.Cause;
        Assert.IsType<WriteMessagesSuccessful>(answer);
        return [.. Enumerable.Range(0, events).Select(_ => writer.ExpectMsg<WriteMessageSuccess>(Bound))];
    }

    /// <summary>Result of a recovery.</summary>
    protected sealed record ReplayResult(IReadOnlyList<IPersistentRepresentation> Events, long Highest);
}
