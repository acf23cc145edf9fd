using Akka.Actor;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;

namespace Morag.Persistence.Redis.Tests.Layout;

/// <summary>Compares the bytes of snapshots with golden bytes and with Google's Protobuf.</summary>
public sealed class StoredSnapshotSpecs() : TestKit(Priced.Serialization)
{
    private static readonly DateTime Time = new DateTime(2026, 11, 23, 12, 0, 0, DateTimeKind.Utc).AddTicks(1_234_567);

    private ExtendedActorSystem System => (ExtendedActorSystem)Sys;

    public static TheoryData<object, long, DateTime> Snapshots => new()
    {
        { "text", 1, Time },
        { "", 127, DateTime.UnixEpoch },
        { new string('x', 100_000), 128, DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc) },
        { "text", long.MaxValue, DateTime.UnixEpoch.AddTicks(-1) },
        { new Priced(12.5m), 8, Time },
        { "text", 0, new DateTime(1, 1, 1, 0, 0, 1, DateTimeKind.Utc) },
    };

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Should_equal_the_bytes_of_Google_Protobuf_when_encoded(object snapshot, long sequenceNr, DateTime time)
    {
        var metadata = new SnapshotMetadata("pid-ß", sequenceNr, time);

        Convert.ToHexString(StoredSnapshot.Encode(System, metadata, snapshot)).Should(Convert.ToHexString(GoogleBytes(metadata, snapshot)));
    }

    [Theory]
    [MemberData(nameof(Snapshots))]
    public void Should_decode_a_snapshot_when_Google_Protobuf_wrote_it(object snapshot, long sequenceNr, DateTime time)
    {
        var metadata = new SnapshotMetadata("pid-ß", sequenceNr, time);

        var read = StoredSnapshot.Decode(System, GoogleBytes(metadata, snapshot));

        read.Metadata.Should(metadata);
        read.Snapshot.Should(snapshot);
        StoredSnapshot.DecodeMetadata(GoogleBytes(metadata, snapshot)).Should(metadata);
    }

    [Fact]
    public void Should_equal_the_golden_bytes_when_encoded()
    {
        const string Golden = "0a047069643110071a0b08c0d590d80610bc99ef3a221208fa9e3c120431322e351a06707269636564";
        var metadata = new SnapshotMetadata("pid1", 7, Time);

        Convert.ToHexStringLower(StoredSnapshot.Encode(System, metadata, new Priced(12.5m))).Should(Golden);
        StoredSnapshot.Decode(System, Convert.FromHexString(Golden)).Should(new SelectedSnapshot(metadata, new Priced(12.5m)));
    }

    [Fact]
    public void Should_throw_when_bytes_are_not_a_snapshot()
    {
        var bytes = StoredSnapshot.Encode(System, new SnapshotMetadata("pid", 7, Time), "text");

        for (var length = 0; length < 12; length++)
        {
            var cut = bytes.AsMemory(0, length);
            Assert.Throws<FormatException>(() => StoredSnapshot.Decode(System, cut.Span));
        }
    }

    private byte[] GoogleBytes(SnapshotMetadata metadata, object snapshot)
    {
        var serializer = Sys.Serialization.FindSerializerFor(snapshot);
        var payload = Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt32(serializer.Identifier);
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(serializer.ToBinary(snapshot)));
            if (Akka.Serialization.Serialization.ManifestFor(serializer, snapshot) is { Length: > 0 } manifest)
            {
                output.WriteTag(3, WireFormat.WireType.LengthDelimited);
                output.WriteString(manifest);
            }
        });
        return Message(output =>
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString(metadata.PersistenceId);
            if (metadata.SequenceNr != 0)
            {
                output.WriteTag(2, WireFormat.WireType.Varint);
                output.WriteInt64(metadata.SequenceNr);
            }

            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteMessage(metadata.Timestamp.ToTimestamp());
            output.WriteTag(4, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(payload));
        });
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }
}
