using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.TestKit.Xunit2;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;

namespace Morag.Persistence.Redis.Tests.Layout;

/// <summary>Compares the bytes of events with golden bytes and with the envelope serializer of Akka.Persistence.</summary>
public sealed class StoredEventSpecs() : TestKit(Priced.Serialization)
{
    private static readonly long Timestamp = new DateTime(2026, 11, 23, 12, 0, 0, DateTimeKind.Utc).Ticks;

    private ExtendedActorSystem System => (ExtendedActorSystem)Sys;

    public static TheoryData<object, long, string, string> Envelopes => new()
    {
        { "text", 1, "", "" },
        { "text", 7, "man", "g" },
        { "", 127, "manifest", "9f9c1e0a-5b0e-4d52-9c5e-5c2f3e1d7a11" },
        { new string('x', 100_000), 128, "ß漢", "guid" },
        { new Priced(12.5m), 8, "man", "guid" },
        { "text", long.MaxValue, "", "guid" },
    };

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void Should_equal_the_bytes_of_the_envelope_serializer_of_Akka_when_encoded(
        object payload, long sequenceNr, string manifest, string writerGuid)
    {
        var persistent = new Persistent(payload, sequenceNr, "pid-ß", manifest, writerGuid: writerGuid, timestamp: Timestamp);

        Convert.ToHexString(StoredEvent.Encode(System, persistent, Timestamp)).Should(Convert.ToHexString(AkkaBytes(persistent)));
    }

    [Theory]
    [MemberData(nameof(Envelopes))]
    public void Should_decode_an_event_when_the_envelope_serializer_of_Akka_wrote_it(
        object payload, long sequenceNr, string manifest, string writerGuid)
    {
        var persistent = new Persistent(payload, sequenceNr, "pid-ß", manifest, writerGuid: writerGuid, timestamp: Timestamp);

        var read = StoredEvent.Decode(System, AkkaBytes(persistent));

        read.Should(persistent);
        read.Timestamp.Should(Timestamp);
        read.Payload.Should(payload);
    }

    [Fact]
    public void Should_keep_all_fields_when_the_envelope_serializer_of_Akka_reads_an_event()
    {
        var persistent = new Persistent("text", 7, "pid", "man", writerGuid: "guid", timestamp: Timestamp);

        var read = AkkaSerializer.FromBinary<IPersistentRepresentation>(StoredEvent.Encode(System, persistent, Timestamp));

        read.Payload.Should("text");
        read.SequenceNr.Should(7);
        read.PersistenceId.Should("pid");
        read.Manifest.Should("man");
        read.WriterGuid.Should("guid");
        read.Timestamp.Should(Timestamp);
    }

    [Fact]
    public void Should_keep_sender_and_deletion_mark_when_an_event_has_them()
    {
        var persistent = new Persistent(
            "text", 7, "pid", "man", isDeleted: true, sender: TestActor, writerGuid: "guid", timestamp: Timestamp);

        var bytes = StoredEvent.Encode(System, persistent, Timestamp);
        var read = StoredEvent.Decode(System, bytes);

        Assert.True(read.IsDeleted);
        read.Sender.Should(TestActor);
        Convert.ToHexString(bytes).Should(Convert.ToHexString(AkkaBytes(persistent)));
    }

    [Fact]
    public void Should_equal_the_golden_bytes_when_encoded()
    {
        const string Golden = "0a1208fa9e3c120431322e351a0670726963656410071a047069643162036d616e6a0167708080bbcda9d6a4df11";
        var persistent = new Persistent(new Priced(12.5m), 7, "pid1", "man", writerGuid: "g", timestamp: Timestamp);

        Convert.ToHexStringLower(StoredEvent.Encode(System, persistent, Timestamp)).Should(Golden);
        StoredEvent.Decode(System, Convert.FromHexString(Golden)).Should(persistent);
    }

    [Fact]
    public void Should_store_tags_separately_when_an_event_is_tagged()
    {
        var tagged = new Persistent(new Tagged("text", ["red", "blue"]), 7, "pid", writerGuid: "guid");
        var plain = new Persistent("text", 7, "pid", writerGuid: "guid");

        var bytes = StoredEvent.Encode(System, tagged, Timestamp);

        StoredEvent.Decode(System, bytes).Payload.Should("text");
        StoredEventHeader.Read(bytes).Tags.Should(["blue", "red"]);
        var untagged = StoredEvent.Encode(System, plain, Timestamp);
        Assert.Empty(StoredEventHeader.Read(untagged).Tags);
        Convert.ToHexString(bytes.AsSpan(0, untagged.Length)).Should(Convert.ToHexString(untagged));
        AkkaSerializer.FromBinary<IPersistentRepresentation>(bytes).Payload.Should("text");
    }

    [Fact]
    public void Should_read_the_header_when_the_serializer_is_not_used()
    {
        var persistent = new Persistent(new Tagged(new Priced(12.5m), ["red"]), 7, "pid", "man", isDeleted: true, writerGuid: "guid");

        var header = StoredEventHeader.Read(StoredEvent.Encode(System, persistent, Timestamp));

        header.SequenceNr.Should(7);
        header.PersistenceId.Should("pid");
        header.Manifest.Should("man");
        header.WriterGuid.Should("guid");
        header.Timestamp.Should(Timestamp);
        header.IsDeleted.Should(true);
        header.Tags.Should(["red"]);
        header.SerializerId.Should(987_002);
        header.PayloadManifest.Should("priced");
        header.PayloadSize.Should("12.5".Length);
    }

    [Fact]
    public void Should_throw_when_bytes_are_not_an_event()
    {
        var bytes = StoredEvent.Encode(System, new Persistent("text", 7, "pid"), Timestamp);

        for (var length = 0; length < 12; length++)
        {
            var cut = bytes.AsMemory(0, length);
            Assert.Throws<FormatException>(() => StoredEvent.Decode(System, cut.Span));
            Assert.Throws<FormatException>(() => StoredEventHeader.Read(cut.Span));
        }
    }

    private Akka.Serialization.Serializer AkkaSerializer => Sys.Serialization.FindSerializerForType(typeof(IPersistentRepresentation));

    private byte[] AkkaBytes(Persistent persistent)
        => Akka.Serialization.Serialization.WithTransport(System, () => AkkaSerializer.ToBinary(persistent));
}
