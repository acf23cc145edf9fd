using Akka.Actor;
using Akka.Serialization;

namespace Morag.Persistence.Redis.Benchmarks.Running;

/// <summary>An event or a snapshot of a given size.</summary>
internal sealed record Blob(byte[] Content)
{
    /// <summary>An event of typical size.</summary>
    public static Blob Event { get; } = new(new byte[200]);
}

/// <summary>Costs almost nothing, so that the benchmark measures the journal.</summary>
internal sealed class BlobSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public override int Identifier => 7_001;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => ((Blob)obj).Content;

    public override object FromBinary(byte[] bytes, Type? type) => new Blob(bytes);
}
