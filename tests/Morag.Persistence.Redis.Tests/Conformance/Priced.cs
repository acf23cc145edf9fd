using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>An event whose serializer uses manifests, as in real applications.</summary>
public sealed record Priced(decimal Amount)
{
    /// <summary>Binds the serializer, and Akka's own serializers for envelopes.</summary>
    public static Config Serialization { get; } = ConfigurationFactory.ParseString("""
        akka.actor.serializers.priced = "Morag.Persistence.Redis.Tests.Conformance.PricedSerializer, Morag.Persistence.Redis.Tests"
        akka.actor.serialization-bindings."Morag.Persistence.Redis.Tests.Conformance.Priced, Morag.Persistence.Redis.Tests" = priced
        """).WithFallback(Akka.Persistence.Persistence.DefaultConfig());
}

/// <summary>Writes the amount as decimal text with the manifest <c>priced</c>.</summary>
public sealed class PricedSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 987_002;

    public override string Manifest(object o) => "priced";

    public override byte[] ToBinary(object obj) => Encoding.ASCII.GetBytes(((Priced)obj).Amount.ToString(CultureInfo.InvariantCulture));

    public override object FromBinary(byte[] bytes, string manifest)
        => manifest == "priced"
            ? new Priced(decimal.Parse(Encoding.ASCII.GetString(bytes), CultureInfo.InvariantCulture))
            : throw new ArgumentException($"Unknown manifest \"{manifest}\".", nameof(manifest));
}
