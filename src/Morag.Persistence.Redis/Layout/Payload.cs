using Akka.Actor;
using Akka.Serialization;

namespace Morag.Persistence.Redis.Layout;

/// <summary>A serialized event or snapshot: the id of its serializer, its bytes and its manifest.</summary>
internal readonly record struct Payload(int SerializerId, byte[] Content, string Manifest)
{
    internal const int SerializerIdField = 1;
    internal const int ContentField = 2;
    internal const int ManifestField = 3;

    /// <summary>Size of the encoded payload in bytes.</summary>
    public int Size
        => ProtobufWriter.SizeOfField(SerializerIdField, SerializerId)
            + (Content.Length == 0 ? 0 : ProtobufWriter.SizeOfBytes(ContentField, Content.Length))
            + ProtobufWriter.SizeOfField(ManifestField, Manifest);

    /// <summary>Serializes with the serializer bound to the type. Actor references contain their full address.</summary>
    public static Payload Serialize(ExtendedActorSystem system, object content)
        => Akka.Serialization.Serialization.WithTransport(
            system,
            (system, content),
            static state =>
            {
                var serializer = state.system.Serialization.FindSerializerFor(state.content);
                return new Payload(
                    serializer.Identifier,
                    serializer.ToBinary(state.content),
                    Akka.Serialization.Serialization.ManifestFor(serializer, state.content));
            });

    /// <summary>Deserializes an event or snapshot.</summary>
    public static object Deserialize(ExtendedActorSystem system, ReadOnlySpan<byte> payload)
    {
        var serializerId = 0;
        var content = ReadOnlySpan<byte>.Empty;
        var manifest = string.Empty;
        var reader = new ProtobufReader(payload);
        while (reader.ReadField())
        {
            switch (reader.Field)
            {
                case SerializerIdField: serializerId = (int)reader.ReadInteger(); break;
                case ContentField: content = reader.ReadBytes(); break;
                case ManifestField: manifest = reader.ReadText(); break;
                default: reader.Skip(); break;
            }
        }

        return system.Serialization.Deserialize(content.ToArray(), serializerId, manifest);
    }

    /// <summary>Writes the payload as a field.</summary>
    public void Write(ref ProtobufWriter writer, int field)
    {
        writer.WriteLength(field, Size);
        writer.WriteField(SerializerIdField, SerializerId);
        writer.WriteField(ContentField, Content);
        writer.WriteField(ManifestField, Manifest);
    }
}
