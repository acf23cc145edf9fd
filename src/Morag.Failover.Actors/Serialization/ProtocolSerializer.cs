using System.Buffers;
using Akka.Serialization;

namespace Morag.Failover.Actors.Serialization;

/// <summary>Writes the types of one protocol as Protobuf, named by their manifests.</summary>
public abstract class ProtocolSerializer : SerializerWithStringManifest
{
    private readonly WireTypes types;

    private protected ProtocolSerializer(ExtendedActorSystem system, WireTypes types)
        : base(system) => this.types = types;

    /// <inheritdoc />
    public override byte[] ToBinary(object obj)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        ContractsModel.Instance.Serialize(buffer, obj);
        return buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) =>
        ContractsModel.Instance.Deserialize(types.Type(manifest), bytes.AsSpan());

    /// <inheritdoc />
    public override string Manifest(object o) => types.Manifest(o.GetType());
}

/// <summary>The messages between processes.</summary>
public sealed class MessageSerializer : ProtocolSerializer
{
    /// <summary>Made by the actor system.</summary>
    public MessageSerializer(ExtendedActorSystem system)
        : base(system, WireTypes.Messages)
    {
    }

    /// <inheritdoc />
    public override int Identifier => 4711;
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
