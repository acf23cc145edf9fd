using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;

namespace Morag.Failover.Contracts.Tests;

/// <summary>Which JSON values are accepted, and that clients can read every contract that contains one.</summary>
public sealed class JsonTextSpecs
{
    // A list of live events adds two levels: [{"event": ...}].
    private const int AroundContracts = 2;

    public static TheoryData<Type> ContractTypes => [.. typeof(JsonText).Assembly.GetExportedTypes()
        .Where(type => type is { IsClass: true, IsAbstract: false } && Wrapping(type, []) > 0)];

    [Theory]
    [InlineData("1", null)]
    [InlineData("null", null)]
    [InlineData("\"\\u0000 \\ud83d\\ude00\"", null)]
    [InlineData("", "must be JSON")]
    [InlineData("{", "must be JSON")]
    [InlineData("1 2", "must be JSON")]
    [InlineData("{\"a\":\"\\ud800\"}", "must be valid Unicode text")]
    [InlineData("\"12345678\"", "may have at most 9 bytes as compact JSON in UTF-8, not 10")]
    [InlineData("\"ääää\"", "may have at most 9 bytes as compact JSON in UTF-8, not 10")]
    public void Should_state_the_rule_when_a_text_breaks_it(string json, string? rule) => Assert.Equal(
        rule, JsonText.Trusted(json).BrokenRule(rule?.Contains("bytes", StringComparison.Ordinal) == true ? 9 : 1_000));

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Should_reject_a_value_when_it_is_nested_too_deep_for_its_readers(string open, string close)
    {
        Assert.Null(JsonText.Trusted(Nested(JsonDepth.MaxOfValue, open, close)).BrokenRule(1_000_000));
        foreach (var depth in (int[])[JsonDepth.MaxOfValue + 1, 63, 64, 65, 1_000, 100_000])
        {
            Assert.Equal("may be nested at most 56 levels deep", JsonText.Trusted(Nested(depth, open, close)).BrokenRule(1_000_000));
        }
    }

    [Fact]
    public void Should_state_the_rule_when_a_json_field_is_nested_too_deep()
    {
        var accepted = JsonSerializer.Deserialize<Queues.TaskCompletion>(Completion(JsonDepth.MaxOfValue), ContractsJson.Options)!;
        Assert.Equal(Nested(JsonDepth.MaxOfValue), accepted.Result.Raw);

        var failure = Assert.Throws<JsonException>(
            () => JsonSerializer.Deserialize<Queues.TaskCompletion>(Completion(JsonDepth.MaxOfValue + 1), ContractsJson.Options));
        Assert.Equal("$.result", failure.Path);
        Assert.Contains("may be nested at most 56 levels deep", failure.Message, StringComparison.Ordinal);

        static string Completion(int depth) => $$"""{"task_id":"a","epoch":1,"result":{{Nested(depth)}}}""";
    }

    /// <summary>Many JSON readers stop at 64 levels by default. Clients in other languages need no setting.</summary>
    [Theory]
    [MemberData(nameof(ContractTypes))]
    public void Should_stay_within_the_depth_that_every_reader_accepts_when_a_contract_contains_json(Type contract) => Assert.InRange(
        AroundContracts + Wrapping(contract, []) - 1 + JsonDepth.MaxOfValue, 1, JsonDepth.MaxOfMessage);

    private static string Nested(int depth, string open = "[", string close = "]")
    {
        var innermost = open == "[" ? "[]" : "{}";
        return string.Concat(Enumerable.Repeat(open, depth - 1)) + innermost + string.Concat(Enumerable.Repeat(close, depth - 1));
    }

    /// <summary>The level at which the deepest JSON value of a type begins, counted from 1; 0 if the type has none.</summary>
    private static int Wrapping(Type type, ImmutableHashSet<Type> around)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(JsonText))
        {
            return 1;
        }

        if (around.Contains(type))
        {
            return 0;
        }

        Type[] parts = type.IsArray ? [type.GetElementType()!]
            : type.IsGenericType && type.Namespace!.StartsWith("System.Collections", StringComparison.Ordinal) ? type.GetGenericArguments()
            : type.Assembly == typeof(JsonText).Assembly && !type.IsEnum
                ? [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.PropertyType)]
                : [];
        var deepest = parts.Select(part => Wrapping(part, around.Add(type))).DefaultIfEmpty(0).Max();
        return deepest == 0 ? 0 : deepest + 1;
    }
}
