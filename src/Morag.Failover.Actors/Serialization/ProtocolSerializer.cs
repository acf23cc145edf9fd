using System.Buffers;
using Akka.Serialization;

namespace Morag.Failover.Actors.Serialization;

/// <summary>Serializes the types of one protocol as Protobuf, identified by their manifests.</summary>
public abstract class ProtocolSerializer : SerializerWithStringManifest
{
    /// <summary>Larger buffers are not reused.</summary>
    private const int LargestKept = 512 * 1024;

    /// <summary>
    /// The buffer of this thread, reused because a buffer that grows for each value creates garbage of twice its size, partly on the large
    /// object heap, whose collection is slow with millions of tasks.
    /// </summary>
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? kept;

    private readonly WireTypes types;

    private protected ProtocolSerializer(ExtendedActorSystem system, WireTypes types)
        : base(system) => this.types = types;

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var buffer = kept ?? new ArrayBufferWriter<byte>(256);
        kept = null;
        ContractsModel.Instance.Serialize(buffer, obj);
        var bytes = Written(obj, buffer);
        if (buffer.Capacity <= LargestKept)
        {
            buffer.ResetWrittenCount();
            kept = buffer;
        }

        return bytes;
    }

    private byte[] Written(object obj, ArrayBufferWriter<byte> buffer)
    {
        if (buffer.WrittenCount <= MessageLimits.MaxBytes)
        {
            return buffer.WrittenSpan.ToArray();
        }

        var tooLarge = new ValueTooLarge(obj, Manifest(obj), buffer.WrittenCount);
        system.EventStream.Publish(tooLarge);
        return Instead(tooLarge, buffer.WrittenSpan);
    }

    /// <summary>
    /// The bytes to write instead of a value above <see cref="MessageLimits.MaxBytes"/>. The value has already been published.
    /// </summary>
    private protected abstract byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written);

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) => Read(bytes, manifest);

    /// <summary>Reads a value of the type that the manifest names.</summary>
    private protected virtual object Read(byte[] bytes, string manifest) =>
        ContractsModel.Instance.Deserialize(types.Type(manifest), bytes.AsSpan());

    /// <inheritdoc />
    public override string Manifest(object o) => types.Manifest(o.GetType());
}

/// <summary>Serializes messages between processes.</summary>
public sealed class MessageSerializer : ProtocolSerializer
{
    /// <summary>The first byte of a refusal that replaces a reply. No Protobuf message starts with zero.</summary>
    private const byte RefusalMark = 0;

    /// <summary>Made by the actor system.</summary>
    public MessageSerializer(ExtendedActorSystem system)
        : base(system, WireTypes.Messages)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4711;

    /// <summary>
    /// The transport drops a message that is too large without telling anyone. So a reply is replaced by a refusal with the reason, and any
    /// other message throws, which the transport logs with the message's name.
    /// </summary>
    private protected override byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written)
    {
        if (tooLarge.Value is IPartitionMessage or ITaskMessage or IWorkerMessage or IBucketMessage)
        {
            throw new System.Runtime.Serialization.SerializationException(tooLarge.ToString());
        }

        var refusal = new ArrayBufferWriter<byte>(512);
        refusal.Write<byte>([RefusalMark]);
        ContractsModel.Instance.Serialize(
            refusal, Refused.Unavailable($"the reply could not be sent: {tooLarge}. Request fewer items per call."));
        return refusal.WrittenSpan.ToArray();
    }

    /// <inheritdoc />
    private protected override object Read(byte[] bytes, string manifest) => bytes is [RefusalMark, ..]
        ? ContractsModel.Instance.Deserialize<Refused>(bytes.AsSpan(1))
        : base.Read(bytes, manifest);
}

/// <summary>Serializes events and snapshots. Its identifier is stored in the journal, so it never changes.</summary>
public sealed class StoredSerializer : ProtocolSerializer
{
    /// <summary>Made by the actor system.</summary>
    public StoredSerializer(ExtendedActorSystem system)
        : base(system, WireTypes.Stored)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4712;

    /// <summary>Stores the value anyway: an owner that could not store it would stop, although the value is complete.</summary>
    private protected override byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written) => written.ToArray();
}

/// <summary>Rejects types without a serializer, where Akka.NET would fall back to a reflective format.</summary>
public sealed class UnboundTypeSerializer : Serializer
{
    /// <summary>Made by the actor system.</summary>
    public UnboundTypeSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4713;

    /// <inheritdoc />
    public override bool IncludeManifest => false;

    /// <inheritdoc />
    public override byte[] ToBinary(object obj) =>
        throw new System.Runtime.Serialization.SerializationException(
            $"{obj.GetType()} has no serializer. Only types of a protocol can leave a process: "
            + "implement IWireMessage, IStoredEvent or IStoredState.");

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new System.Runtime.Serialization.SerializationException(
            "received bytes of a type without a serializer. Only types of a protocol can enter a process.");
}
