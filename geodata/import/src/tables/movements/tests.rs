use super::*;

const HEAD: &str = "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,\
                    TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,NCCENR_AP,LIBELLE_AP\n";

fn read(rows: &str) -> (Lineage, Vec<Finding>) {
    let mut findings = Vec::new();
    let octets = format!("{HEAD}{rows}").into_bytes();
    (read_movements(Path::new("m.csv"), octets, &mut findings).unwrap(), findings)
}

fn told(rows: &[Succession]) -> Vec<String> {
    rows.iter().map(|row| format!("{} {} {}", row.from, row.effective, row.to)).collect()
}

#[test]
fn only_movements_from_commune_to_commune_lead_on() {
    let (lineage, findings) = read(
        "32,2019-01-01,COM,01033,0,X,X,Bellegarde,COM,01033,0,X,X,Valserhône\n\
         32,2019-01-01,COM,01033,0,X,X,Bellegarde,COMD,01033,0,X,X,Bellegarde\n\
         32,2019-01-01,COM,01091,0,X,X,Châtillon,COM,01033,0,X,X,Valserhône\n\
         35,2020-01-01,COMD,01091,0,X,X,Châtillon,COM,01033,0,X,X,Valserhône\n\
         20,2011-03-31,,,,,,,COM,97611,0,X,X,Mamoudzou\n\
         30,2007-02-23,COM,97123,0,X,X,Saint-Barthélemy,,,,,,\n\
         31,1972-01-01,COM,01002,0,X,X,A,COM,01002,0,X,X,A\n",
    );
    assert_eq!(told(&lineage.successions), ["01033 2019-01-01 01033", "01091 2019-01-01 01033"]);
    assert_eq!((lineage.begun.len(), lineage.ended.len()), (1, 1));
    let names: Vec<_> = lineage.names.iter().map(|row| (row.code.as_str(), row.name.as_str())).collect();
    assert_eq!(names, [("01033", "Bellegarde"), ("01091", "Châtillon"), ("97123", "Saint-Barthélemy")]);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_code_given_and_taken_back_on_one_day_is_passed_through() {
    let (lineage, findings) = read(
        "41,2018-01-01,COM,49144,0,X,X,Freigné,COM,44225,0,X,X,Freigné\n\
         32,2018-01-01,COM,44225,0,X,X,Freigné,COM,44180,0,X,X,Vallons-de-l'Erdre\n\
         32,2018-01-01,COM,44180,0,X,X,Saint-Mars,COM,44180,0,X,X,Vallons-de-l'Erdre\n",
    );
    assert_eq!(told(&lineage.successions), ["44180 2018-01-01 44180", "49144 2018-01-01 44180"]);
    assert_eq!(told(&lineage.passed), ["44225 2018-01-01 44180"]);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_code_that_one_commune_leaves_to_another_on_one_day_is_not_passed_through() {
    let (lineage, _) = read(
        "32,2000-01-01,COM,01003,0,X,X,C,COM,01002,0,X,X,B\n\
         32,2000-01-01,COM,01002,0,X,X,B,COM,01002,0,X,X,B\n\
         50,2010-01-01,COM,01001,0,X,X,A,COM,01002,0,X,X,A\n\
         50,2010-01-01,COM,01002,0,X,X,B,COM,01003,0,X,X,B\n",
    );
    assert!(lineage.passed.is_empty());
    assert!(told(&lineage.successions).contains(&"01001 2010-01-01 01002".to_owned()));
}

#[test]
fn spelling_of_other_years_is_read_and_nonsense_is_reported() {
    let text = "mod;date_eff;typecom_av;com_av;libelle_av;typecom_ap;com_ap;libelle_ap\n\
                41;01/01/1968;COM;78001;A;COM;95001;A\n\
                31;01-03-1972;COM;1002;B;COM;1001;C\n\
                31;1972-02-30;COM;01003;B;COM;01001;C\n\
                31;1972-03-01;COM;XY;B;COM;01001;C\n";
    let mut findings = Vec::new();
    let octets = text.as_bytes().to_vec();
    let lineage = read_movements(Path::new("m.csv"), octets, &mut findings).unwrap();
    assert_eq!(told(&lineage.successions), ["01002 1972-03-01 01001", "78001 1968-01-01 95001"]);
    let kinds: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.code.as_str())).collect();
    assert_eq!(kinds, [(FindingKind::UnreadableMovement, "01003"), (FindingKind::UnreadableMovement, "XY")]);
    assert!(findings[0].detail.contains("line 4"), "{findings:?}");
    let error = read_movements(Path::new("m.csv"), b"COM_AV,B\n1,2\n".to_vec(), &mut findings).unwrap_err();
    assert!(error.to_string().contains("mod"), "{error}");
}

#[test]
fn a_code_that_ends_twice_is_reported() {
    let (_, findings) = read(
        "31,1970-01-01,COM,01001,0,X,X,A,COM,01001,0,X,X,A\n\
         31,1970-01-01,COM,01002,0,X,X,B,COM,01001,0,X,X,A\n\
         31,1980-01-01,COM,01001,0,X,X,A,COM,01001,0,X,X,A\n\
         31,1980-01-01,COM,01002,0,X,X,B,COM,01001,0,X,X,A\n",
    );
    let found: Vec<_> = findings.iter().map(|finding| (finding.kind, finding.code.as_str())).collect();
    assert_eq!(found, [(FindingKind::MovementConflict, "01002")], "{findings:?}");
}
