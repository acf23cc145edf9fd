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
