using System.Collections.Frozen;
using System.Reflection;
using ProtoBuf;

namespace Morag.Failover.Actors.Serialization;

/// <summary>
/// The types of one protocol with their manifests, which are the names in their <see cref="ProtoContractAttribute"/>s. They are discovered
/// in the assemblies of contracts and domain, so a new type needs no registration.
/// </summary>
public sealed class WireTypes
{
    private readonly FrozenDictionary<Type, string> manifests;
    private readonly FrozenDictionary<string, Type> types;

    private WireTypes(IEnumerable<Type> members)
    {
        manifests = members.ToFrozenDictionary(type => type, ManifestOf);
        types = manifests.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);
    }

    /// <summary>The messages between processes.</summary>
    public static WireTypes Messages { get; } = Of(typeof(IWireMessage));

    /// <summary>Events and snapshots.</summary>
    public static WireTypes Stored { get; } = Of(typeof(IStoredEvent), typeof(IStoredState));

    /// <summary>Every type of the protocol.</summary>
    public IReadOnlyCollection<Type> All => manifests.Keys;

    /// <summary>The manifest of a type. Throws for an unknown type.</summary>
    public string Manifest(Type type) =>
        manifests.TryGetValue(type, out var manifest) ? manifest : throw new ArgumentException($"{type} is not a type of this protocol");

    /// <summary>The type of a manifest. Throws for a manifest that this version does not know.</summary>
    public Type Type(string manifest) =>
        types.TryGetValue(manifest, out var type)
            ? type
            : throw new System.Runtime.Serialization.SerializationException(
                $"the manifest '{manifest}' is unknown to this version. It was written by a newer version, or by other software.");

    private static WireTypes Of(params Type[] markers) => new(
        from assembly in new[] { typeof(IWireMessage).Assembly, typeof(Domain.Settings.FailoverSettings).Assembly }
        from type in assembly.GetTypes()
        where !type.IsInterface && !type.IsAbstract && markers.Any(marker => marker.IsAssignableFrom(type))
        select type);

    private static string ManifestOf(Type type) =>
        type.GetCustomAttribute<ProtoContractAttribute>()?.Name
        ?? throw new InvalidOperationException($"{type} is sent or stored, so its [ProtoContract] needs a Name");
}
