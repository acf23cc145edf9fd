using System.Buffers;
using Akka.Serialization;

namespace Morag.Failover.Actors.Serialization;

/// <summary>Writes the types of one protocol as Protobuf, named by their manifests.</summary>
public abstract class ProtocolSerializer : SerializerWithStringManifest
{
    /// <summary>A larger buffer is not kept.</summary>
    private const int LargestKept = 512 * 1024;

    /// <summary>
    /// The buffer of this thread. A buffer that grows again for each value is garbage of twice its size, part of it among the large
    /// objects, whose collection takes longest where there are millions of tasks.
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

    /// <summary>What is written in the place of a value of more than <see cref="MessageLimits.MaxBytes"/>, which has been published.</summary>
    private protected abstract byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written);

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) => Read(bytes, manifest);

    /// <summary>Reads a value of a type that the manifest names.</summary>
    private protected virtual object Read(byte[] bytes, string manifest) =>
        ContractsModel.Instance.Deserialize(types.Type(manifest), bytes.AsSpan());

    /// <inheritdoc />
    public override string Manifest(object o) => types.Manifest(o.GetType());
}

/// <summary>The messages between processes.</summary>
public sealed class MessageSerializer : ProtocolSerializer
{
    /// <summary>Begins a refusal in the place of an answer: no message of Protobuf begins with a zero.</summary>
    private const byte RefusalMark = 0;

    /// <summary>Made by the actor system.</summary>
    public MessageSerializer(ExtendedActorSystem system)
        : base(system, WireTypes.Messages)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4711;

    /// <summary>
    /// The transport drops what is too large, and whoever waits for it is not told. So an answer gives way to a refusal that says why, and
    /// anything else is an error here, which the transport logs with the message's name.
    /// </summary>
    private protected override byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written)
    {
        if (tooLarge.Value is IPartitionMessage or ITaskMessage or IWorkerMessage or IBucketMessage)
        {
            throw new System.Runtime.Serialization.SerializationException(tooLarge.ToString());
        }

        var refusal = new ArrayBufferWriter<byte>(512);
        refusal.Write<byte>([RefusalMark]);
        ContractsModel.Instance.Serialize(refusal, Refused.Unavailable($"the answer could not be sent: {tooLarge}. Ask for less at once"));
        return refusal.WrittenSpan.ToArray();
    }

    /// <inheritdoc />
    private protected override object Read(byte[] bytes, string manifest) => bytes is [RefusalMark, ..]
        ? ContractsModel.Instance.Deserialize<Refused>(bytes.AsSpan(1))
        : base.Read(bytes, manifest);
}

/// <summary>What is stored. Its identifier stands in the journal: it never changes.</summary>
public sealed class StoredSerializer : ProtocolSerializer
{
    /// <summary>Made by the actor system.</summary>
    public StoredSerializer(ExtendedActorSystem system)
        : base(system, WireTypes.Stored)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4712;

    /// <summary>It is stored all the same: an owner that could not store it would stop, and lose its service for a value that is whole.</summary>
    private protected override byte[] Instead(ValueTooLarge tooLarge, ReadOnlySpan<byte> written) => written.ToArray();
}

/// <summary>Stands where Akka.NET would fall back to a reflective format: a type without a serializer of its own is an error.</summary>
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
        throw new System.Runtime.Serialization.SerializationException($"{obj.GetType()} has no serializer: only types of a protocol leave a process");

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new System.Runtime.Serialization.SerializationException("only types of a protocol enter a process");
}
