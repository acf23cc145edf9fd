using k8s;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace Morag.Repository.Tests;

/// <summary>
/// The manifests in <c>docker/kubernetes</c>, against the types of the Kubernetes API: unknown fields and values of the wrong type are
/// errors. What no type says, such as names that refer to each other, is checked one by one.
/// </summary>
public sealed class KubernetesSpecs
{
    private const string Folder = "docker/kubernetes/";

    // Maps with keys of the user's choice.
    private static readonly string[] FreeMaps = ["labels", "matchLabels", "selector", "data", "stringData", "requests", "limits"];

    private static IEnumerable<SourceFile> Files => RepositoryFiles.All.Where(
        file => file.Path.StartsWith(Folder, StringComparison.Ordinal) && file.Name != "kustomization.yaml");

    private static List<object> Everything => [.. Files.SelectMany(file => Load(file.Text))];

    private static V1StatefulSet Nodes => Assert.Single(Everything.OfType<V1StatefulSet>());

    private static V1PodSpec Pod => Nodes.Spec.Template.Spec;

    private static V1Container Node => Assert.Single(Pod.Containers);

    [Fact]
    public void Should_contain_every_kind_that_the_nodes_need() => Assert.Superset(
        new HashSet<Type>
        {
            typeof(V1StatefulSet), typeof(V1Service), typeof(V1ConfigMap), typeof(V1Secret), typeof(V1ServiceAccount),
            typeof(V1PodDisruptionBudget), typeof(V1NetworkPolicy),
        },
        Everything.Select(resource => resource.GetType()).ToHashSet());

    [Fact]
    public void Should_refuse_every_field_that_is_misspelled()
    {
        var misspelled = 0;
        foreach (var file in Files)
        {
            foreach (var key in FixedKeys(file.Text))
            {
                var (start, end) = ((int)key.Start.Index, (int)key.End.Index);
                var text = $"{file.Text[..start]}{key.Value}x{file.Text[end..]}";
                Assert.True(Record.Exception(() => Load(text)) is not null, $"{file.Path}:{key.Start.Line}: {key.Value}x is accepted");
                misspelled++;
            }
        }

        Assert.True(misspelled > 100, $"only {misspelled} fields were misspelled");
    }

    [Fact]
    public void Should_refer_only_to_what_exists()
    {
        var labels = Nodes.Spec.Template.Metadata.Labels;
        Assert.Equal(labels, Nodes.Spec.Selector.MatchLabels);
        Assert.All(Everything.OfType<V1Service>(), service => Assert.Equal(labels, service.Spec.Selector));
        Assert.All(Everything.OfType<V1PodDisruptionBudget>(), budget => Assert.Equal(labels, budget.Spec.Selector.MatchLabels));
        Assert.All(Everything.OfType<V1NetworkPolicy>(), policy => Assert.Equal(labels, policy.Spec.PodSelector.MatchLabels));
        Assert.Equal(labels, Assert.Single(Pod.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
            .PodAffinityTerm.LabelSelector.MatchLabels);

        var headless = Assert.Single(Everything.OfType<V1Service>(), service => service.Name() == Nodes.Spec.ServiceName);
        Assert.Equal("None", headless.Spec.ClusterIP);
        Assert.True(headless.Spec.PublishNotReadyAddresses);
        Assert.Contains(Everything.OfType<V1ServiceAccount>(), account => account.Name() == Pod.ServiceAccountName);

        var ports = Node.Ports.Select(port => port.Name).ToHashSet();
        Assert.Subset(ports, Everything.OfType<V1Service>().SelectMany(service => service.Spec.Ports).Select(port => port.TargetPort.Value)
            .ToHashSet());
        Assert.Subset(ports, Everything.OfType<V1NetworkPolicy>().SelectMany(policy => policy.Spec.Ingress).SelectMany(rule => rule.Ports)
            .Select(port => port.Port.Value).ToHashSet());

        string[] volumes = [.. Pod.Volumes.Select(volume => volume.Name), .. Nodes.Spec.VolumeClaimTemplates.Select(claim => claim.Name())];
        Assert.Equal(volumes.Order(), Node.VolumeMounts.Select(mount => mount.Name).Order());
        var maps = Everything.OfType<V1ConfigMap>().Select(map => map.Name()).ToHashSet();
        Assert.All(Pod.Volumes.Where(volume => volume.ConfigMap is not null), volume => Assert.Contains(volume.ConfigMap.Name, maps));
        var secret = Assert.Single(Everything.OfType<V1Secret>());
        Assert.All(
            Node.Env.Select(variable => variable.ValueFrom?.SecretKeyRef).OfType<V1SecretKeySelector>(),
            key => Assert.True(key.Name == secret.Name() && secret.StringData.ContainsKey(key.Key), $"the secret has no {key.Key}"));
    }

    [Fact]
    public void Should_hold_no_secret() =>
        Assert.All(Everything.OfType<V1Secret>(), secret => Assert.All(secret.StringData.Values, Assert.Empty));

    [Fact]
    public void Should_run_without_rights_that_it_does_not_need()
    {
        Assert.True(Pod.SecurityContext.RunAsNonRoot);
        Assert.NotEqual(0, Pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.False(Node.SecurityContext.AllowPrivilegeEscalation);
        Assert.True(Node.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Equal(["ALL"], Node.SecurityContext.Capabilities.Drop);
        Assert.False(Pod.EnableServiceLinks);
    }

    [Fact]
    public void Should_be_probed_and_stopped_as_the_node_expects()
    {
        Assert.Equal("/health/live", Node.LivenessProbe.HttpGet.Path);
        Assert.Equal("/health/live", Node.StartupProbe.HttpGet.Path);
        Assert.Equal("/health/ready", Node.ReadinessProbe.HttpGet.Path);
        Assert.Equal(90, Pod.TerminationGracePeriodSeconds);
        Assert.Contains("memory", Node.Resources.Requests.Keys);
        Assert.Contains("cpu", Node.Resources.Requests.Keys);
        Assert.True(Nodes.Spec.Replicas > 2);
    }

    [Fact]
    public void Should_list_every_manifest_but_the_secret_when_it_is_applied()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(RepositoryFiles.All.Single(file => file.Path == $"{Folder}kustomization.yaml").Text));
        var listed = ((YamlSequenceNode)yaml.Documents[0].RootNode["resources"]).Select(item => item.ToString());
        Assert.Equal(Files.Select(file => file.Name).Where(name => name != "secret.yaml").Order(), listed.Order());
    }

    private static List<object> Load(string text) => KubernetesYaml.LoadAllFromString(text, strict: true);

    /// <summary>The keys that the Kubernetes API defines.</summary>
    private static List<YamlScalarNode> FixedKeys(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return [.. yaml.Documents.SelectMany(document => FixedKeys(document.RootNode))];
    }

    private static IEnumerable<YamlScalarNode> FixedKeys(YamlNode node) => node switch
    {
        YamlMappingNode map => map.SelectMany(entry => entry.Key is not YamlScalarNode key ? []
            : FreeMaps.Contains(key.Value) && IsFree(entry.Value) ? [key]
            : FixedKeys(entry.Value).Prepend(key)),
        YamlSequenceNode list => list.SelectMany(FixedKeys),
        _ => [],
    };

    // The selector of a Service is free; that of a StatefulSet has fixed keys.
    private static bool IsFree(YamlNode value) =>
        value is YamlMappingNode map && !map.Children.Keys.Any(key => key.ToString() == "matchLabels");
}
