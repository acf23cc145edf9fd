using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Morag.Failover.Domain.Search;

/// <summary>A test of a JSON value at the end of a path. The reader stands at the value's first token.</summary>
internal abstract class JsonTest
{
    /// <summary>Whether the value passes. The reader ends at the value's last token, unless the value passes.</summary>
    public abstract bool Passes(ref Utf8JsonReader reader, DateTimeOffset now);

    /// <summary>False if no value in the whole text can pass; a quick look at the bytes.</summary>
    public virtual bool MayPassIn(ReadOnlySpan<byte> json) => true;

    /// <summary>Whether an escape may hide a text from a search for its bytes.</summary>
    protected static bool HasEscapes(ReadOnlySpan<byte> json) => json.Contains((byte)'\\');
}

/// <summary>Any value but null.</summary>
internal sealed class JsonExists : JsonTest
{
    public override bool Passes(ref Utf8JsonReader reader, DateTimeOffset now) => reader.TokenType != JsonTokenType.Null;
}

/// <summary>A name or a value at any depth contains a text.</summary>
internal sealed class JsonContains(Needle needle) : JsonTest
{
    public override bool MayPassIn(ReadOnlySpan<byte> json) => !needle.IsAscii || needle.IsIn(json) || HasEscapes(json);

    public override bool Passes(ref Utf8JsonReader reader, DateTimeOffset now)
    {
        var depth = reader.CurrentDepth;
        do
        {
            if (IsInToken(ref reader))
            {
                return true;
            }
        }
        while ((reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.Read());

        return false;
    }

    private bool IsInToken(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String or JsonTokenType.PropertyName =>
            reader.ValueIsEscaped ? IsInEscaped(ref reader) : needle.IsIn(reader.ValueSpan),
        JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False => needle.IsIn(reader.ValueSpan),
        _ => false,
    };

    private bool IsInEscaped(ref Utf8JsonReader reader)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            return needle.IsIn(buffer.AsSpan(0, reader.CopyString(buffer)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>A test of a text, a number, true, false or null, which may be an entry of an array. No object passes.</summary>
internal abstract class JsonScalarTest : JsonTest
{
    public sealed override bool Passes(ref Utf8JsonReader reader, DateTimeOffset now)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (Passes(ref reader, now))
                    {
                        return true;
                    }
                }

                return false;
            case JsonTokenType.StartObject:
                reader.Skip();
                return false;
            default:
                return PassesScalar(ref reader, now);
        }
    }

    /// <summary>Whether the value passes. The reader stands at its only token.</summary>
    protected abstract bool PassesScalar(ref Utf8JsonReader reader, DateTimeOffset now);
}

/// <summary>A number in a filter. Integers beyond 2^53, such as ids, are compared exactly, up to 28 digits.</summary>
internal sealed class JsonNumber
{
    // From here on, a double stands for more than one integer.
    private const double Exact = 9_007_199_254_740_992;

    private readonly double rough;
    private readonly decimal? precise;

    private JsonNumber(string text, double rough)
    {
        this.rough = rough;
        precise = Math.Abs(rough) >= Exact && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    /// <summary>Reads a literal; null if it is no number.</summary>
    public static JsonNumber? Of(string text) => SearchLiterals.Number(text) is { } number ? new(text, number) : null;

    /// <summary>Whether the number at which the reader stands compares with this one.</summary>
    public bool Holds(SearchOperator @operator, ref Utf8JsonReader reader) =>
        precise is { } other && reader.TryGetDecimal(out var number)
            ? @operator.Holds(number, other)
            : reader.TryGetDouble(out var value) && @operator.Holds(value, rough);
}

/// <summary>The value, or an entry of the array, equals a literal.</summary>
internal sealed class JsonEquals : JsonScalarTest
{
    private readonly byte[] utf8;
    private readonly JsonNumber? number;
    private readonly JsonTokenType word;

    public JsonEquals(SearchLiteral literal)
    {
        utf8 = Encoding.UTF8.GetBytes(literal.Text);
        number = literal.Quoted ? null : JsonNumber.Of(literal.Text);
        word = literal.Quoted ? JsonTokenType.None : literal.Text switch
        {
            "true" => JsonTokenType.True,
            "false" => JsonTokenType.False,
            "null" => JsonTokenType.Null,
            _ => JsonTokenType.None,
        };
    }

    public override bool MayPassIn(ReadOnlySpan<byte> json) => number is not null || json.IndexOf(utf8) >= 0 || HasEscapes(json);

    protected override bool PassesScalar(ref Utf8JsonReader reader, DateTimeOffset now)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return reader.ValueTextEquals(utf8);
            case JsonTokenType.Number:
                return number is { } wanted && (reader.ValueSpan.SequenceEqual(utf8) || wanted.Holds(SearchOperator.Equals, ref reader));
            default:
                return word != JsonTokenType.None && reader.TokenType == word;
        }
    }
}

/// <summary>A number, or a time in a string, compares with a literal; also in the entries of an array.</summary>
internal sealed class JsonCompares(SearchOperator @operator, JsonNumber? number, TimeLiteral? time) : JsonScalarTest
{
    protected override bool PassesScalar(ref Utf8JsonReader reader, DateTimeOffset now)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Number:
                return number is { } other && other.Holds(@operator, ref reader);
            case JsonTokenType.String:
                return time is { } moment && TimeOf(ref reader) is { } at && moment.At(now) is var range
                    && @operator.Holds(at, range.From, range.To);
            default:
                return false;
        }
    }

    private static DateTimeOffset? TimeOf(ref Utf8JsonReader reader)
    {
        const int Longest = 40;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        Span<char> text = stackalloc char[Longest];
        return !reader.ValueIsEscaped
            && reader.ValueSpan.Length is > 0 and <= Longest
            && char.IsAsciiDigit((char)reader.ValueSpan[0])
            && DateTimeOffset.TryParse(text[..reader.CopyString(text)], CultureInfo.InvariantCulture, Utc, out var time)
            ? time
            : null;
    }
}
