using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Morag.Repository.Tests;

/// <summary>A name leads to one type, and a type to its files.</summary>
public sealed class NameSpecs
{
    [Fact]
    public void Should_use_each_type_name_once() => Rules.Holds(
        "Give these types names of their own:",
        from type in DeclaredTypes()
        group type by type.Name into sameName
        let places = sameName.DistinctBy(type => (type.Project, type.FullName)).ToList()
        where places.Count > 1
        select $"{sameName.Key}: {string.Join(", ", places.Select(type => type.File.Path))}");

    [Fact]
    public void Should_name_the_files_of_a_partial_type_after_it() => Rules.Holds(
        "Rename these files to Type.Aspect.cs:",
        from type in DeclaredTypes()
        where type.IsPartial && type.IsTopLevel
        group type by (type.Project, type.FullName) into parts
        where parts.Select(part => part.File).Distinct().Count() > 1
        from part in parts
        where part.File.Name != part.Name + ".cs" && !part.File.Name.StartsWith(part.Name + ".", StringComparison.Ordinal)
            && !IsNamedAfterAnotherType(part.File)
        select $"{part.File.Path} holds a part of {part.Name}");

    // An event stands beside the part of the state that applies it, in a file named after the event.
    private static bool IsNamedAfterAnotherType(SourceFile file) => file.Syntax.DescendantNodes()
        .OfType<BaseTypeDeclarationSyntax>()
        .Any(type => file.Name == type.Identifier.Text + ".cs" && !type.Modifiers.Any(SyntaxKind.PartialKeyword));

    /// <summary>All types of src, without private ones, which nobody else can see.</summary>
    private static IEnumerable<DeclaredType> DeclaredTypes() =>
        from file in RepositoryFiles.CSharp("src")
        from node in file.Syntax.DescendantNodes()
        where node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax
        let type = new DeclaredType(file, (MemberDeclarationSyntax)node)
        where type.IsTopLevel || !type.IsPrivate
        select type;

    private sealed record DeclaredType(SourceFile File, MemberDeclarationSyntax Declaration)
    {
        public bool IsTopLevel => Declaration.Parent is not BaseTypeDeclarationSyntax;

        // A nested type without an access modifier is private.
        public bool IsPrivate => !Declaration.Modifiers.Any(modifier =>
            modifier.Kind() is SyntaxKind.PublicKeyword or SyntaxKind.InternalKeyword or SyntaxKind.ProtectedKeyword);

        public bool IsPartial => Declaration.Modifiers.Any(SyntaxKind.PartialKeyword);

        // Variants by the number of type parameters, such as Decision and Decision<T>, are one idea under one name.
        public string Name => NameOf(Declaration);

        public string Project => File.Path.Split('/')[1];

        public string FullName => string.Join('.', Declaration.AncestorsAndSelf().Select(NameOf).Where(name => name.Length > 0).Reverse());

        private static string NameOf(SyntaxNode node) => node switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            BaseNamespaceDeclarationSyntax space => space.Name.ToString(),
            _ => "",
        };
    }
}
