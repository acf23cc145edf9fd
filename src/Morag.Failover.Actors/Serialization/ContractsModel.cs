using System.Reflection;
using ProtoBuf;
using ProtoBuf.Meta;
using ProtoBuf.Serializers;

namespace Morag.Failover.Actors.Serialization;

/// <summary>
/// Maps the contracts to Protobuf: ids to strings, epochs to int64, times to UTC ticks, durations to <c>google.protobuf.Duration</c>, JSON
/// to its text. Zero values are written too, so that a field's default in the code never replaces a value that was sent.
/// </summary>
public static class ContractsModel
{
    /// <summary>The model. Its parts compile on first use.</summary>
    public static RuntimeTypeModel Instance { get; } = Create();

    private static RuntimeTypeModel Create()
    {
        var model = RuntimeTypeModel.Create(nameof(ContractsModel));
        model.DefaultCompatibilityLevel = CompatibilityLevel.Level300;
        model.UseImplicitZeroDefaults = false;
        model.SetSurrogate<DateTimeOffset, long>(Surrogates.ToTicks, Surrogates.ToTime);
        model.SetSurrogate<LeaseEpoch, long>(Surrogates.ToNumber, Surrogates.ToEpoch);
        model.Add<JsonText>(applyDefaultBehaviour: false).SerializerType = typeof(JsonTextSerializer);
        var addId = typeof(ContractsModel).GetMethod(nameof(AddId), BindingFlags.NonPublic | BindingFlags.Static)!;
        foreach (var id in typeof(TaskId).Assembly.GetTypes().Where(IsTextId))
        {
            addId.MakeGenericMethod(id).Invoke(null, [model]);
        }

        return model;
    }

    private static bool IsTextId(Type type) =>
        type.IsValueType && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ITextId<>));

    private static void AddId<TId>(RuntimeTypeModel model)
        where TId : struct, ITextId<TId> =>
        model.SetSurrogate<TId, string>(IdSurrogate<TId>.ToText, IdSurrogate<TId>.ToId);

    private static class Surrogates
    {
        public static long ToTicks(DateTimeOffset time) => time.UtcTicks;

        public static DateTimeOffset ToTime(long ticks) => new(ticks, TimeSpan.Zero);

        public static long ToNumber(LeaseEpoch epoch) => epoch.Value;

        public static LeaseEpoch ToEpoch(long value) => new(value);
    }

    /// <summary>Writes the UTF-8 bytes unchanged, in the format of a string field, without decoding and encoding the text.</summary>
    private sealed class JsonTextSerializer : ISerializer<JsonText>
    {
        public SerializerFeatures Features => SerializerFeatures.WireTypeString | SerializerFeatures.CategoryScalar;

        public JsonText Read(ref ProtoReader.State state, JsonText value) => JsonText.Trusted(state.AppendBytes((byte[])[]));

        public void Write(ref ProtoWriter.State state, JsonText value) => state.WriteBytes(value.Utf8);
    }

    private static class IdSurrogate<TId>
        where TId : struct, ITextId<TId>
    {
        public static string ToText(TId id) => id.Value;

        public static TId ToId(string text) => TId.From(text);
    }
}
