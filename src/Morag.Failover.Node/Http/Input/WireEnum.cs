using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Input;

/// <summary>The wire names of an enum's members, in snake_case.</summary>
internal static class WireEnum<TEnum>
    where TEnum : struct, Enum
{
    private static readonly FrozenDictionary<string, TEnum> ByName = Enum.GetValues<TEnum>()
        .ToFrozenDictionary(WireName.Of);

    private static readonly FrozenDictionary<TEnum, string> Names = ByName.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>The rule for error messages; it lists every allowed value.</summary>
    public static string Rule { get; } = "must be one of " + string.Join(", ", WireName.All<TEnum>());

    public static bool TryParse([NotNullWhen(true)] string? name, out TEnum value)
    {
        value = default;
        return name is not null && ByName.TryGetValue(name, out value);
    }

    public static string NameOf(TEnum value) => Names[value];
}

/// <summary>Reads enums by their wire names. Its error message lists the allowed values.</summary>
internal sealed class WireEnumConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(WireEnumConverter<>).MakeGenericType(typeToConvert))!;

    private sealed class WireEnumConverter<TEnum> : JsonConverter<TEnum>
        where TEnum : struct, Enum
    {
        public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && WireEnum<TEnum>.TryParse(reader.GetString(), out var value)
                ? value
                : throw new JsonException(WireEnum<TEnum>.Rule);

        public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options) =>
            writer.WriteStringValue(WireEnum<TEnum>.NameOf(value));
    }
}
