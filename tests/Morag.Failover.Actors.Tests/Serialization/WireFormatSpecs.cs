using System.Text.Json;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>Holds for every type of the wire and the journal; the types are found, not listed.</summary>
public sealed class WireFormatSpecs() : TestKit(FailoverSerialization.Config)
{
    private static readonly IReadOnlyList<Type> Found =
        [.. WireTypes.Messages.All.Concat(WireTypes.Stored.All).OrderBy(type => type.FullName, StringComparer.Ordinal)];

    public static TheoryData<Type> WireTypesFound => [.. Found];

    [Theory]
    [MemberData(nameof(WireTypesFound))]
    public void Should_keep_every_field_when_a_value_travels(Type type)
    {
        var sent = SampleOf.Type(type);

        var (serializer, bytes, _) = Write(sent);
        var received = Sys.Serialization.Deserialize(bytes, serializer.Identifier, serializer.Manifest(sent));

        Assert.Equal(Json(sent), Json(received));
    }

    [Theory]
    [MemberData(nameof(WireTypesFound))]
    public void Should_keep_what_is_empty_or_zero_when_a_value_travels(Type type)
    {
        var sent = Activator.CreateInstance(type)!;

        var (serializer, bytes, _) = Write(sent);
        var received = Sys.Serialization.Deserialize(bytes, serializer.Identifier, serializer.Manifest(sent));

        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Write(received).Bytes));
    }

    /// <summary>
    /// Reading merges a message into what the property holds already: a shared default would be overwritten for everybody.
    /// </summary>
    [Fact]
    public void Should_give_every_value_defaults_of_its_own()
    {
        var shared =
            from type in typeof(TaskId).Assembly.GetTypes()
            where type.IsDefined(typeof(ProtoBuf.ProtoContractAttribute), false) && type.GetConstructor(Type.EmptyTypes) is not null
            let values = (First: Activator.CreateInstance(type), Second: Activator.CreateInstance(type))
            from property in type.GetProperties()
            where property.IsDefined(typeof(ProtoBuf.ProtoMemberAttribute), false)
                && property.PropertyType.IsDefined(typeof(ProtoBuf.ProtoContractAttribute), false)
                && property.GetValue(values.First) is { } value
                && ReferenceEquals(value, property.GetValue(values.Second))
            select $"{type.Name}.{property.Name}";

        Assert.Empty(shared);
    }

    [Fact]
    public void Should_refuse_a_manifest_that_this_version_does_not_know() =>
        Assert.Throws<System.Runtime.Serialization.SerializationException>(
            () => Sys.Serialization.Deserialize([], new StoredSerializer((ExtendedActorSystem)Sys).Identifier, "from-the-future"));

    private static string Json(object value) => JsonSerializer.Serialize(value, value.GetType(), ContractsJson.Options);

    private (SerializerWithStringManifest Serializer, byte[] Bytes, object Value) Write(object value)
    {
        var serializer = (SerializerWithStringManifest)Sys.Serialization.FindSerializerFor(value);
        return (serializer, serializer.ToBinary(value), value);
    }
}
