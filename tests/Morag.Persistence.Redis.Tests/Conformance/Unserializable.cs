using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>An event that cannot be serialized.</summary>
public sealed record Unserializable;

/// <summary>Throws for every object.</summary>
public sealed class FailingSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override int Identifier => 987_001;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new SerializationException("This cannot be serialized.");

    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException("This cannot be deserialized.");
}
