using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Tests.Configuration;

/// <summary>
/// Holds <c>docs/configuration.md</c> to <c>hocon/morag.conf</c>, and the ranges in its comments to what a node accepts. After a change of
/// the settings run once with <c>MORAG_WRITE_CONFIGURATION=1</c>, which writes the reference part of the document, and review it.
/// </summary>
public sealed partial class ConfigurationDocumentSpecs : IDisposable
{
    private const string Reference = "## Reference\n";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"morag-{Guid.NewGuid():n}.conf");

    private static IReadOnlyList<DocumentedSection> Sections { get; } = SettingsFile.Read(InRepository("hocon", "morag.conf"));

    private static IEnumerable<DocumentedSetting> Settings => Sections.SelectMany(section => section.Settings);

    private static string DocumentFile => InRepository("docs", "configuration.md");

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Should_give_every_setting_with_its_default_as_the_settings_file_has_it()
    {
        var document = File.ReadAllText(DocumentFile).ReplaceLineEndings("\n");
        var reference = WriteReference();
        var handwritten = document[..document.IndexOf(Reference, StringComparison.Ordinal)];
        if (Environment.GetEnvironmentVariable("MORAG_WRITE_CONFIGURATION") == "1")
        {
            document = handwritten + reference;
            File.WriteAllText(DocumentFile, document);
        }

        Assert.True(
            handwritten + reference == document,
            "docs/configuration.md differs from hocon/morag.conf. Run once with MORAG_WRITE_CONFIGURATION=1");
    }

    [Fact]
    public void Should_read_the_same_settings_from_the_text_as_the_node_does() => Assert.Equal(
        NodeConfiguration.Leaves(NodeConfiguration.Defaults().GetValue("morag"), "morag").Order(),
        Settings.Select(setting => setting.Key).Order());

    [Fact]
    public void Should_describe_every_setting_and_section() => Assert.Empty(
        Settings.Where(setting => setting.Description.Length == 0).Select(setting => setting.Key)
            .Concat(from section in Sections
                    where section.Settings.Count > 0 && section.Comment.Count == 0 && section.Key != "morag"
                    select section.Key));

    [Fact]
    public void Should_name_the_environment_variable_and_the_option_of_each_setting_that_has_them() => Assert.Equal(
        NodeSetting.All.Select(setting => $"{setting.Key}: {setting.Variable}, {setting.Option}").Order(),
        (from setting in Settings
         where setting.Labelled("Set by") is not null
         select $"{setting.Key}: {setting.Labelled("Set by")}").Order());

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Should_state_the_range_that_the_node_enforces(string key, string range)
    {
        File.WriteAllText(file, $"{key} = nonsense");

        var refusal = Assert.Throws<ConfigurationRefusedException>(() => NodeOptions.Load(["--config", file], _ => null)).Message;

        Assert.All(Amount().Matches(range), amount => Assert.Matches($@"(?<![\w.]){amount.Value}(?![\w.])", refusal));
    }

    [Fact]
    public void Should_state_a_range_for_every_setting_that_is_a_number_a_duration_or_a_size()
    {
        var measured = Settings.Where(setting => char.IsAsciiDigit(setting.Default.FirstOrDefault()));

        Assert.Empty(measured.Where(setting => setting.Labelled("Range") is null).Select(setting => setting.Key));
    }

    [Fact]
    public void Should_join_the_lines_of_values_that_do_not_fit_into_one()
    {
        var setting = new DocumentedSetting("off", "\"\"", ["Rules that are off.", "Values: a, b,", "c.", "Set by: MORAG_OFF.", "Rarely."]);

        Assert.Equal("a, b, c", setting.Labelled("Values"));
        Assert.Equal("Rules that are off. Rarely.", setting.Description);
    }

    [Fact]
    public void Should_show_only_examples_that_a_node_accepts()
    {
        var document = File.ReadAllText(DocumentFile).ReplaceLineEndings("\n");
        var examples = Example().Matches(document[..document.IndexOf(Reference, StringComparison.Ordinal)]);

        Assert.Equal(2, examples.Count);
        Assert.All(examples, example =>
        {
            File.WriteAllText(file, example.Groups[1].Value);
            Assert.NotNull(NodeOptions.Load(["--config", file], _ => null));
        });
    }

    [Fact]
    public void Should_mention_only_settings_that_exist_when_a_document_names_a_full_key()
    {
        var known = Settings.Select(setting => setting.Key).Concat(Sections.Select(section => section.Key)).ToHashSet();
        var wrong =
            from document in Directory.EnumerateFiles(InRepository("docs"), "*.md", SearchOption.AllDirectories)
                .Append(InRepository("README.md"))
            from Match mention in FullKey().Matches(File.ReadAllText(document))
            let key = mention.Value.TrimEnd('.')
            where !known.Contains(key) && !IsInOpenBlock(key)
            select $"{Path.GetFileName(document)}: {key}";

        Assert.Empty(wrong);
    }

    public static TheoryData<string, string> Ranges()
    {
        var ranges = new TheoryData<string, string>();
        foreach (var setting in Settings)
        {
            if (setting.Labelled("Range") is { } range)
            {
                ranges.Add(setting.Key, range);
            }
        }

        return ranges;
    }

    private static bool IsInOpenBlock(string key) =>
        key.StartsWith("morag.failover.queues.definitions.", StringComparison.Ordinal)
        || key.StartsWith("morag.failover.policy.quality-ladder.", StringComparison.Ordinal);

    private static string WriteReference()
    {
        var text = new StringBuilder(Reference);
        text.Append(CultureInfo.InvariantCulture, $"\nThis part is generated from the comments of `hocon/morag.conf`.\n");
        foreach (var section in Sections.Where(section => section.Settings.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {section.Key}\n\n");
            if (section.Comment.Count > 0 && section.Key != "morag")
            {
                text.Append(CultureInfo.InvariantCulture, $"{string.Join(' ', section.Comment)}\n\n");
            }

            var plain = section.Settings.Where(setting => setting.Source is null).ToList();
            text.Append(plain.Count > 0 ? "| key | default | range | what it does, and when to change it |\n|---|---|---|---|\n" : "");
            plain.ForEach(setting => text.Append(Row(setting)));
            foreach (var block in section.Settings.Where(setting => setting.Source is not null))
            {
                text.Append(CultureInfo.InvariantCulture, $"\n`{block.Key}`:\n\n```hocon\n{block.Source}```\n");
            }
        }

        return text.ToString();
    }

    private static string Row(DocumentedSetting setting)
    {
        var name = setting.Key[(setting.Key.LastIndexOf('.') + 1)..];
        var value = setting.Default is "\"\"" ? "empty" : $"`{setting.Default.Trim('"')}`";
        var range = setting.Labelled("Range") ?? setting.Labelled("Values");
        var setBy = setting.Labelled("Set by") is { } ways ? $" Set by `{ways.Replace(", ", "`, `", StringComparison.Ordinal)}`." : "";
        return $"| `{name}` | {value} | {range} | {setting.Description}{setBy} |\n";
    }

    private static string InRepository(params string[] path) => Path.Combine([Root(), .. path]);

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("```hocon\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("[0-9][0-9.]*[A-Za-z]*")]
    private static partial Regex Amount();

    [GeneratedRegex(@"(?<![\w./@])morag\.(failover|api|embedded)(\.[a-z][a-z-]*)+(?![\w_*])")]
    private static partial Regex FullKey();
}
